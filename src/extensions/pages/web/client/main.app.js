// Shows the pieces that the server renders, and sends the person's decisions.
import { MESSAGES, pane, placeNow } from './base.js';
// Its form is no act.
import { takeCode } from './key.js';
import './acts.js';
import './diff.js';
import { showDrafts } from './drafts.js';
import './keys.js';
import { markRows, openFirst } from './list.js';
import './pictures.js';
import { showReceipts } from './receipts.js';
import './start.js';
import { show, view } from './stream.js';

addEventListener('hashchange', () => {
  // The open row again, or the name of the page, empties nothing.
  openFirst(view.place);
  if (placeNow() === view.place) return;
  if (!show()) return;
  markRows();
  pane.parentElement.scrollTo({ top: 0 });
  scrollTo({ top: 0 });
  document.activeElement.blur();
});

takeCode();
showDrafts();
showReceipts();
if ('replaceChildren' in pane && 'TextDecoderStream' in self) show();
else pane.textContent = MESSAGES.old;
