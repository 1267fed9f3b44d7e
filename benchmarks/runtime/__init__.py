"""The zip as it is deployed, run by Lambda's own runtime client, beside a floor that was written by hand."""
