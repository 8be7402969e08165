import { isoUtc } from '../../kernel/clock.ts';
import { outageOf } from '../../kernel/phases/ending.ts';
import { describeLimits, describeUsage } from '../../kernel/phases/limits.ts';
import { biteOf, type CheckRun, failedRuns, openWords } from '../../kernel/phases/proving.ts';
import { keptText } from '../../kernel/phases/usage-windows.ts';
import { describeLevel } from '../../kernel/sandbox-level.ts';
import { cut } from '../../kernel/text.ts';
import type { EventType } from '../events/bodies/event-types.ts';
import { FINISHING } from '../events/bodies/finishing.ts';
import { describeOutage } from '../events/bodies/positions.ts';
import { type By, type Channel, isPersonal } from '../events/bodies/who-acted.ts';
import type { EventOf, SessionEvent } from '../events/events.ts';
import { describeRewind } from '../events/fold-rewound.ts';
import { describeChange } from '../events/pull-request-change.ts';
import { oneLine } from './markdown-lines.ts';
import { pictureSentences } from './picture-words.ts';

export interface EventWording {
  /** For a person on a page: without the names of rules and the ids of processes. */
  isPlain?: boolean;
}

/** Describes an event in one line for session.log, the terminal and the parent; undefined if it is not worth one. */
export function describeEvent(event: SessionEvent, wording: EventWording = {}): string | undefined {
  // The entry matches the event's type, which TypeScript cannot infer from indexing by a union.
  const sentence = SENTENCES[event.type] as Sentence<SessionEvent>;
  const text = sentence(event, wording);
  return text === undefined ? undefined : cut(oneLine(text), 500);
}

/** Describes who opened a gate, and says so if no person is known to have taken part. */
export function openedBy(by: By): string {
  return describeBy(by, { ...ACTORS, tool: `${ACTORS.tool} alone` });
}

export function describeBy(by: By, actors = ACTORS): string {
  const { channel, client, person, atStart, unconfirmed } = by;
  const isNamed = channel === 'tool' || channel === 'elicitation' || channel === 'web';
  const which = isNamed && client ? ` (${client})` : '';
  const who = isPersonal(by) && person ? actors[channel].replace('a person', person) : actors[channel];
  const whose = isPersonal(by) || !person ? '' : ` of ${person}`;
  return `${who}${which}${whose}${unconfirmed ? ', unconfirmed' : ''}${atStart ? ', by a choice made at the start' : ''}`;
}

const ACTORS: Readonly<Record<Channel, string>> = {
  tool: 'the parent model',
  elicitation: 'a person or a program, in a form',
  cli: 'a person, in the terminal',
  phone: 'a person, by phone',
  web: 'a person, in the browser',
  file: 'a person or a program, typed into the file',
  settings: 'a choice made at the start',
};

const WENT_ON: Readonly<Record<EventOf<'went_on'>['why'], string>> = {
  slot_free: 'a slot is free',
  limit_over: 'the wait is over',
  fallback: 'another provider takes over',
  order_over: 'there is nothing left to wait for',
};

const SETS = {
  added: 'checks of the base, with the work,',
  base: 'checks of the base',
  fast: 'fast checks',
  full: 'checks',
  merge: 'checks of the merge',
} as const;

/** Describes a run of checks without the work, where they should fail. */
function withoutWork(runs: readonly CheckRun[]): string {
  const { passed, red } = biteOf({ runs });
  return `the tests of the work on its base: ${passed.length} of ${passed.length + red.length} commands pass without the work`;
}

type Sentence<E> = (event: E, wording: EventWording) => string | undefined;

const SENTENCES: { [T in EventType]: Sentence<EventOf<T>> } = {
  session_created: ({ sandbox, platform }) => `session created, sandbox: ${describeLevel(sandbox, platform)}`,
  way_chosen: () => undefined,
  taken_over: ({ decision }) => `begins in ${decision.phase}, with what its folder holds`,
  prepared: ({ worktree }) =>
    worktree ? `worktree ready: branch ${worktree.branch} from ${worktree.base}` : 'session prepared',
  environment_read: () => undefined,
  worker_took_over: tookOver,
  worker_left: ({ why }) => `worker left: ${why}`,
  command_accepted: () => undefined,
  command_refused: ({ kind, message }) => `refused ${kind}: ${message}`,
  queued: ({ reason }) => `queued: ${reason}`,
  went_on: ({ why }) => WENT_ON[why],
  iteration_started: ({ iteration, phase, provider }) =>
    `iteration ${iteration} started: ${phase} with ${provider}`,
  iteration_ended: ({ iteration, ending, problem, ...end }) => {
    const how = ending === 'signalled' ? '' : `: ${ending}`;
    return `iteration ${iteration} ended${how}${problem ? ` (${problem})` : ''}; ${describeDecision({ ...end, ending })}`;
  },
  judged_again: ({ decision }) =>
    `judged after the answer: ${describeDecision({ ending: 'signalled', decision })}`,
  pictures_taken: (taken) => pictureSentences(taken, oneLine)[0],
  services_wanted: ({ by, want, why }) =>
    why ?? `Services ${want === 'up' ? 'started' : 'ended'} by ${describeBy(by)}`,
  checks_ran: ({ set, in: place, commit, runs, ranAt, cell }) => {
    if (set === 'added' && cell === undefined) return withoutWork(runs);
    const failed = failedRuns({ runs });
    const where = place === 'clone' ? 'a fresh clone' : 'the worktree';
    const open = runs.flatMap((run) => {
      const words = openWords(run);
      return words === undefined ? [] : [`${run.command}: ${words}`];
    });
    const passed = open.length === 0 ? 'passed' : `passed, but for ${open.join(', ')}`;
    const result =
      failed.length === 0 ? passed : `failed: ${failed.map(({ command }) => command).join(', ')}`;
    const earlier = ranAt === undefined ? '' : ` (ran for an earlier session, ${ranAt})`;
    return `${SETS[set]} on ${commit.slice(0, 8)} in ${where} ${result}${earlier}`;
  },
  parked: ({ for: waitsFor, reason }) => `waiting for ${waitsFor}${reason ? `: ${reason}` : ''}`,
  answers_recorded: ({ answers, by, open, replaced = [] }) => {
    const before = replaced.map(({ id, text }) => `${id}: ${text}`).join('; ');
    const instead = before && `, in place of ${before}`;
    const rest = open.length > 0 ? `; still open: ${open.join(', ')}` : '';
    return `answers ${answers.map((answer) => answer.id).join(', ')} by ${openedBy(by)}${instead}${rest}`;
  },
  plan_approved: ({ plan, by, servers = [], proposed }) => {
    const names = servers.map(({ name }) => name).join(', ');
    const edited = proposed === undefined ? '' : ', edited since it was proposed,';
    return `plan ${plan.name}${edited} approved by ${openedBy(by)}${names && `, with the MCP servers ${names}`}`;
  },
  changes_requested: ({ by }) => `changes to the plan requested by ${describeBy(by)}`,
  message_kept: ({ id }) => `message ${id} stored for the next agent`,
  message_withdrawn: ({ id, by }) => `message ${id} withdrawn by ${describeBy(by)}`,
  messages_delivered: ({ ids, iteration }) => `messages ${ids.join(', ')} given to iteration ${iteration}`,
  messages_acknowledged: ({ ids }) => `messages ${ids.join(', ')} acknowledged`,
  forgery_seen: ({ what, detail }) => `changed, although an agent may not change it: ${what} (${detail})`,
  budget_warned: (event) => `${event.percent} % of a limit is used: ${describeUsage(event)}`,
  limited: ({ provider, until, guessed, outage, kept }) =>
    outage
      ? describeOutage(outage.kind, {
          next: `at ${isoUtc(until)}`,
          asks: `the user after ${isoUtc(outage.asksAt)}`,
        })
      : kept
        ? `${keptText(kept)} for the user; waits until ${isoUtc(until)}`
        : `usage limit of ${provider} until ${isoUtc(until)}${guessed ? ' (guessed)' : ''}`,
  blocked: ({ rule, needs, reason }, { isPlain }) =>
    isPlain ? `blocked: ${reason}` : `blocked (${rule}), needs ${needs}: ${reason}`,
  stop_requested: ({ by, when }) => `stop requested by ${describeBy(by)} (${when})`,
  stopped: ({ by, why }) => `stopped by ${describeBy(by)}: ${why}`,
  resumed: ({ by, goal, agent, checks, round, limits }) => {
    if (round !== undefined) return `round ${round.number} of the pull request, begun by ${describeBy(by)}`;
    const chosen = agent ? ` with ${[agent.provider, agent.model].filter(Boolean).join(' ')}` : '';
    const checked = checks ? `, checked by ${checks.join(', ') || 'nothing'} from now on` : '';
    const limited = limits ? `, with the limits ${describeLimits(limits)}` : '';
    return `resumed by ${describeBy(by)}${chosen}${limited}${checked}${goal ? ` with a new goal: ${goal}` : ''}`;
  },
  phase_set: ({ from, phase, after }) =>
    after === 'setup'
      ? `SETUP passes; on to ${phase}`
      : `phase set from ${from} to ${phase} by a person, in the file`,
  done: ({ summary }) => `done: ${summary}`,
  finish_asked: ({ work }) => {
    const into = work.kind === 'merge' ? ` into ${work.into}` : '';
    return `${FINISHING[work.kind]}${into} requested by ${describeBy(work.by)}`;
  },
  effect_ended: ({ name, outcome, url, commit, why }) =>
    [`${name.replace('_', ' ')} ${outcome}`, url ?? commit, why].filter(Boolean).join(': '),
  publish_ended: ({ summary }) => summary,
  finish_ended: ({ kind, code, reason = code }) => `${kind} failed: ${reason}`,
  archived: ({ by, what, moved, to }) =>
    what === 'session'
      ? `archived to ${to} by ${describeBy(by)}`
      : `${moved.length} documents archived to ${to} by ${describeBy(by)}`,
  pull_request_changed: (event) => describeChange(event, event.change),
  rewind_asked: ({ by, to }) =>
    `rewind to ${to === 'undo' ? 'before the last one' : `iteration ${to}`} requested by ${describeBy(by)}`,
  rewound: ({ to, undo }) => `${describeRewind(to)}; the state before is kept as ${undo.ref}`,
  rewind_failed: ({ reason }) => `not rewound: ${reason}`,
  discarded: ({ by, trash }) =>
    `branch ${trash.branch} and worktree discarded by ${describeBy(by)}; kept as ${trash.ref}`,
  unarchived: ({ by }) => `restored from the archive by ${describeBy(by)}`,
  merge_ended: ({ outcome, into, commit = '', reason = '' }) =>
    outcome === 'merged'
      ? `merged into ${into}: ${commit.slice(0, 12)}`
      : `not merged into ${into}: ${reason}`,
  notice: ({ text }) => text,
};

function tookOver(event: EventOf<'worker_took_over'>, { isPlain }: EventWording): string {
  const before = event.previous === 'died' ? 'the previous worker died' : 'started';
  const recovery =
    event.recovery === 'nothing' ? '' : `; ${event.recovery}${event.why ? `: ${event.why}` : ''}`;
  const cut = event.truncatedBytes ? `; ${event.truncatedBytes} bytes of a torn line cut off` : '';
  const pid = isPlain ? '' : ` on pid ${event.worker.pid}`;
  return `worker ${event.lease}${pid}: ${before}${recovery}${cut}`;
}

/** Describes the decision after an iteration, with the agent's reason if it continues. */
export function describeDecision(
  end: Pick<EventOf<'iteration_ended'>, 'decision' | 'ending' | 'signal'>,
): string {
  const { decision, ending, signal } = end;
  switch (decision.kind) {
    case 'run': {
      if (decision.retry) return `again ${decision.phase} (${decision.retry})`;
      const reason = signal?.status === 'continue' && signal.reason;
      return `next ${decision.phase}${reason ? ` (${cut(oneLine(reason), 200)})` : ''}`;
    }
    case 'limited':
      return outageOf(ending) ? 'waits and retries' : 'usage limit';
    case 'park':
      return `waits for ${decision.for}`;
    case 'block':
      return `blocked (${decision.rule})`;
    case 'done':
      return 'done';
    default:
      return decision satisfies never;
  }
}
