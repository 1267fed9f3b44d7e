"""Ninety days of thousands of connections: is any grant lost by our doing, renewed without need, written about twice?"""
