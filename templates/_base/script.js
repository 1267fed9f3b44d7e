// Comfort only: every page works without it.
(function () {
  'use strict';
  var each = function (selector, act) { document.querySelectorAll(selector).forEach(act); };

  // Copy buttons appear only where copying can work.
  each('[data-copy]', function (button) {
    var field = document.getElementById(button.dataset.copy), said = document.getElementById(button.dataset.copy + '-said');
    button.hidden = false;
    button.addEventListener('click', function () {
      var done = function () { said.textContent = button.dataset.done; };
      field.select();
      if (navigator.clipboard) navigator.clipboard.writeText(field.value).then(done, function () { document.execCommand('copy') && done(); });
      else if (document.execCommand('copy')) done();
    });
  });

  // Lists shorten while somebody types.
  each('[data-filter]', function (box) {
    var list = document.getElementById(box.dataset.filter), none = document.getElementById(box.dataset.filter + '-none');
    var wrap = box.closest('[hidden]');
    if (wrap) wrap.hidden = false;
    var sift = function () {
      var query = box.value.trim().toLowerCase(), found = 0;
      list.querySelectorAll('[data-name]').forEach(function (item) {
        item.hidden = item.dataset.name.toLowerCase().indexOf(query) < 0;
        found += !item.hidden;
      });
      list.querySelectorAll('[data-shelf]').forEach(function (shelf) { shelf.hidden = !shelf.querySelector('[data-name]:not([hidden])'); });
      none.hidden = found > 0;
    };
    box.addEventListener('input', sift);
    if (wrap || box.value) sift();
  });

  // Times in the reader's own zone, with UTC underneath.
  each('time[datetime]', function (time) {
    try {
      var shown = new Intl.DateTimeFormat(document.documentElement.lang, { day: 'numeric', month: 'short', year: 'numeric', hour: 'numeric', minute: '2-digit' });
      time.title = time.textContent;
      time.textContent = shown.format(new Date(time.dateTime));
    } catch (e) { /* the written UTC time stays */ }
  });

  // A page that waits for something looks again.
  if (document.querySelector('[data-again]')) setTimeout(function () { location.reload(); }, 3000);

  var wrong = document.querySelector('.wrong');
  if (wrong) wrong.focus();
})();
