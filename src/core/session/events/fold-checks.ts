import {
  baseChecksOf,
  biteOf,
  type CellResult,
  type ChecksRan,
  failedRuns,
  type KnownCell,
  type OtherFailure,
  passedRuns,
  redAfter,
  unsteadyIn,
} from '../../kernel/phases/proving.ts';
import { withoutBaseAsks } from './asks.ts';
import type { EventOf } from './events.ts';
import type { SessionState } from './state.ts';

/** What a run of checks has shown, by the set that ran. */
export function checksRan(state: SessionState, event: EventOf<'checks_ran'>): SessionState {
  if (event.set === 'base') return { ...state, ...withoutBaseAsks(state), baseChecks: baseChecksOf(event) };
  if (event.bite !== undefined) return { ...state, bite: { ...event.bite, ...biteOf(event) } };
  if (event.cell !== undefined) return { ...state, cells: withCell(state.cells, event, event.cell) };
  if (event.set !== 'full') return state;
  const ran = event.runs.filter(({ isSetup }) => !isSetup);
  const passed = ran.flatMap(({ command, how }) => (how === undefined ? [command] : []));
  const commands = ran.map(({ command }) => command);
  const red = redAfter(event);
  const unsteady = unsteadyIn(event);
  const open = { ...(red.length > 0 && { redAfter: red }), ...(unsteady.length > 0 && { unsteady }) };
  const shown = { commit: event.commit, commands, ...open };
  const proved = failedRuns(event).length === 0 ? shown : undefined;
  const checksTookMs = event.runs.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const baseChecks = withOthers(state.baseChecks, event.onBase?.others);
  return { ...state, passed, passedRuns: passedRuns(event.runs), proved, checksTookMs, baseChecks };
}

/** One judgement needs four at most. */
const MAX_CELLS = 8;

function withCell(
  known: readonly KnownCell[] = [],
  { tree, runs }: Pick<ChecksRan, 'tree' | 'runs'>,
  { untried, red, unlike }: CellResult,
): KnownCell[] {
  const run = runs.find(({ command, how }) => command === red?.command && how !== undefined);
  const { how = '', output = '', tail } = run ?? {};
  return [...known, { tree, untried, unlike, ...(red && { red: { ...red, how, output, tail } }) }].slice(
    -MAX_CELLS,
  );
}

function withOthers(
  base: SessionState['baseChecks'],
  found: readonly OtherFailure[] = [],
): SessionState['baseChecks'] {
  if (base === undefined || (base.others === undefined && found.length === 0)) return base;
  // A person is asked about a command once for a goal; the answer holds for the failures that it was given about.
  const decided = base.others?.filter(({ choice }) => choice !== undefined) ?? [];
  return { ...base, others: [...decided, ...found] };
}

/** A resume can change the checks. If they could not run on the base, they are run there again. */
export function withResumedChecks(
  state: SessionState,
  { checks, proving }: Pick<EventOf<'resumed'>, 'checks' | 'proving'>,
): SessionState {
  const { baseChecks: _old, cells: _cells, ...known } = state;
  const rest = { ...known, ...withoutBaseAsks(state) };
  if (checks !== undefined || proving !== undefined)
    return { ...rest, proved: undefined, ...(checks && { checks }), ...(proving && { proving }) };
  // What kept a cell from being tried may have been repaired.
  const tried = { ...state, cells: state.cells?.filter(({ untried }) => untried === undefined) };
  return state.status.kind === 'blocked' && state.status.rule === 'base_checks' ? rest : tried;
}
