import type { Key } from '../../../core/faces/terminal/whole-screen.ts';
import { selectedRow, visibleRows } from './groups.ts';
import { ACT_KEYS, canAct, refusalOf, STOPPED_KEY, type WatchAct } from './keys.ts';
import type { WatchedRow, WatchModel, WatchPlace } from './watch-model.ts';

/** A request that a key makes besides a change of place. */
export type KeyIntent =
  | { kind: 'quit'; isInterrupt: boolean }
  | { kind: 'suspend' }
  | { kind: 'redraw' }
  | { kind: 'act'; act: WatchAct; row: WatchedRow };

export interface Listed {
  model: WatchModel;
  place: WatchPlace;
  height: number;
}

const KEY_ALIASES: Readonly<Record<string, string>> = { return: 'enter', space: 'enter' };

/** Returns the place and the request that result from a key. Pure. */
export function press(key: Key, { model, place, height }: Listed): { place: WatchPlace; intent?: KeyIntent } {
  const { notice: _shown, ...rest } = place;
  const quiet: WatchPlace = rest;
  if (key.ctrl) return { place: quiet, intent: controlIntent(key.name) };
  if (place.isHelp) return { place: { ...quiet, isHelp: false } };
  if (place.isTyping) return { place: typed(key, { model, place: quiet, height }) };
  switch (key.name) {
    case '?':
      return { place: { ...quiet, isHelp: true } };
    case '/':
      return { place: { ...quiet, filter: '', isTyping: true } };
    case STOPPED_KEY:
      return { place: { ...quiet, showsStopped: !place.showsStopped } };
    case 'q':
      if (!place.filter) return { place: quiet, intent: { kind: 'quit', isInterrupt: false } };
      return { place: unfiltered(quiet) };
    case 'escape':
      return { place: unfiltered(quiet) };
    default: {
      const act = ACT_KEYS[KEY_ALIASES[key.name] ?? key.name];
      if (act !== undefined) return pressedAct(act, selectedRow(model, place), quiet);
      return { place: moved(key, { model, place: quiet, height }) };
    }
  }
}

function unfiltered({ filter: _filter, isTyping: _isTyping, ...place }: WatchPlace): WatchPlace {
  return place;
}

/** Edits the filter; keys that type nothing still move the selection. */
function typed(key: Key, press: Listed): WatchPlace {
  const { place } = press;
  const { filter = '' } = place;
  switch (key.name) {
    case 'escape':
      return unfiltered(place);
    case 'return':
    case 'enter':
      return filter === '' ? unfiltered(place) : { ...place, isTyping: false };
    case 'backspace':
      return { ...place, filter: [...filter].slice(0, -1).join('') };
    default: {
      const letter = key.name === 'space' ? ' ' : key.name;
      return [...letter].length === 1 ? { ...place, filter: filter + letter } : moved(key, press);
    }
  }
}

function controlIntent(name: string): KeyIntent | undefined {
  switch (name) {
    case 'c':
      return { kind: 'quit', isInterrupt: true };
    case 'd':
      return { kind: 'quit', isInterrupt: false };
    case 'z':
      return { kind: 'suspend' };
    case 'l':
      return { kind: 'redraw' };
    default:
      return undefined;
  }
}

function pressedAct(act: WatchAct, row: WatchedRow | undefined, place: WatchPlace) {
  if (row === undefined) return { place };
  if (canAct(act, row.session, 'cli')) return { place, intent: { kind: 'act', act, row } as const };
  const why = refusalOf(act, row.session, 'cli')?.why ?? `${row.name} is ${row.facts.state}.`;
  return { place: { ...place, notice: `Nothing to ${act}: ${why}` } };
}

/** The number of lines by which a key moves the selection; undefined for any other key. */
function stepOf({ name }: Key, page: number): number | undefined {
  switch (name) {
    case 'up':
    case 'k':
      return -1;
    case 'down':
    case 'j':
      return 1;
    case 'pageup':
      return -page;
    case 'pagedown':
      return page;
    case 'home':
    case 'g':
      return Number.NEGATIVE_INFINITY;
    case 'end':
    case 'G':
      return Number.POSITIVE_INFINITY;
    default:
      return undefined;
  }
}

function moved(key: Key, { model, place, height }: Listed): WatchPlace {
  const rows = visibleRows(model, place);
  const step = stepOf(key, Math.max(1, height - 1));
  if (step === undefined || rows.length === 0) return place;
  const row = selectedRow(model, place);
  const at = row === undefined ? 0 : rows.indexOf(row);
  const to = Math.max(0, Math.min(rows.length - 1, at + step));
  return { ...place, selected: rows[to]?.key };
}
