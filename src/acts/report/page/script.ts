/**
 * The only script, the same on every page: keys, and opening the target of a link. Pages work without it, since
 * everything that opens is `<details>`.
 */
export const KEYS = `
'use strict';
const all = () => [...document.querySelectorAll('.it, .card a')];
const handleOf = (part) => part.querySelector(':scope > summary') || part;
let at = -1;
function go(step) {
  const parts = all();
  if (parts.length === 0) return;
  const focused = parts.findIndex((part) => handleOf(part) === document.activeElement);
  at = Math.min(Math.max((focused >= 0 ? focused : at) + step, 0), parts.length - 1);
  const handle = handleOf(parts[at]);
  handle.focus({ preventScroll: true });
  handle.scrollIntoView({ block: 'nearest' });
}
function toggleAll() {
  const parts = [...document.querySelectorAll('.it')];
  const opens = parts.some((part) => !part.open);
  for (const part of parts) part.open = opens;
}
function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  for (let part = target; part; part = part.parentElement) if (part.tagName === 'DETAILS') part.open = true;
  if (target) target.scrollIntoView({ block: 'start' });
}
const ACTS = { j: () => go(1), k: () => go(-1), e: toggleAll, t: () => scrollTo({ top: 0 }) };
addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const act = Object.hasOwn(ACTS, event.key) && ACTS[event.key];
  if (act) { event.preventDefault(); act(); }
});
addEventListener('hashchange', openTarget);
openTarget();
`;
