import type { ShownSession } from '../../actions/waiting/watch-sessions.ts';
import { sessionFacts } from '../rendering/session-facts.ts';
import { orderRows, type UnnamedRow } from './groups.ts';
import type { WatchedRow } from './watch-model.ts';

/** What was made of a report: most are the same from one look to the next. */
const made = new WeakMap<ShownSession, UnnamedRow>();

export function watchedRows(sessions: readonly ShownSession[]): WatchedRow[] {
  return orderRows(sessions.map(rowOf));
}

function rowOf(session: ShownSession): UnnamedRow {
  const known = made.get(session);
  if (known !== undefined) return known;
  const { view, projectDir } = session;
  const row: UnnamedRow = {
    key: view.paths.runDir,
    facts: sessionFacts(view, session),
    projectDir,
    isEstimate: view.state.cost.usdIsEstimate === true,
  };
  made.set(session, row);
  return row;
}
