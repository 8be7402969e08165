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

let listTop = 0;
addEventListener('hashchange', () => {
  // The open row again, or the name of the page, empties nothing.
  openFirst(view.place);
  if (placeNow() === view.place) return;
  if (view.place === '/') listTop = scrollY;
  if (!show()) return;
  markRows();
  pane.parentElement.scrollTo({ top: 0 });
  // On a narrow screen, the list is scrolled to where it was.
  scrollTo({ top: placeNow() === '/' ? listTop : 0 });
  if (!document.activeElement.matches('.filters *')) pane.parentElement.focus({ preventScroll: true });
});

takeCode();
showDrafts();
showReceipts();
if ('replaceChildren' in pane && 'TextDecoderStream' in self) show();
else pane.textContent = MESSAGES.old;
