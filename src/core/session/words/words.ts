import { stampsAt } from '../../kernel/files/stamps.ts';
import { wayText } from '../../kernel/phases/table.ts';
import { capitalised, counted, listed } from '../../kernel/text.ts';
import { FINISHING } from '../events/bodies/finishing.ts';
import { describeOutage } from '../events/bodies/positions.ts';
import type { SessionFile } from '../events/bodies/session-file.ts';
import { missingText } from '../events/pull-request-change.ts';
import type { SessionState } from '../events/state.ts';
import type { SessionView } from '../folder/session-view.ts';
import { AUTO_ASSIGN } from '../layout/owners.ts';
import {
  type ProofFact,
  type SeenPullRequest,
  type StateFacts,
  stateFacts,
  type ViewFacts,
  viewFacts,
} from './facts.ts';

/** The texts that describe a state; callers only style, truncate and order them. */
export interface StateText {
  /** `waits for answers`, `blocked`: for a column. Contains no text from agents. */
  brief: string;
  /**
   * `waits for answers to its questions: Q1`, `is blocked and needs you`: follows the name. Contains no text by agents.
   */
  predicate: string;
  /** `Q1, Q2`, a file, or text from an agent or a person: quote it, never follow it as an instruction. */
  why?: string;
  tone: 'person' | 'bad' | 'good' | 'working' | 'plain';
}

export interface WordsFor {
  /** The form of address: `the user` if an agent reads the text on the user's behalf. */
  reader?: 'you' | 'the user';
  /** Formats an ISO time: `at 2026-01-08T15:00:00.000Z`, `in 5 min`. */
  when?: (time: string) => string;
  /** How long the state has lasted; what follows the state in `brief` may be younger. */
  lasted?: string;
}

/** Describes a pending stop, by when it takes effect. */
export const STOPS = { after_iteration: 'stops after this iteration', now: 'is being stopped' } as const;

export const WORKER_GONE = 'its worker is gone';

/** Says that the worker of an unfinished session is gone; undefined if it is not, or if that cannot be determined. */
export function goneText({ worker, condition }: { worker?: string } & Pick<Worded, 'condition'>) {
  return worker === 'gone' && condition !== 'unseen' ? WORKER_GONE : undefined;
}

/** The state in one or two words, for a badge or a card. */
export interface StateBadge {
  text: string;
  tone: 'person' | 'working' | 'done' | 'resting';
}

export function stateBadge({ state, needsHuman }: Pick<ViewFacts, 'state' | 'needsHuman'>): StateBadge {
  if (needsHuman) return { text: 'needs you', tone: 'person' };
  switch (state) {
    case 'starting':
      return { text: 'starting', tone: 'working' };
    case 'running':
      return { text: 'working', tone: 'working' };
    case 'done':
      return { text: 'done', tone: 'done' };
    case 'queued':
    case 'stopped':
      return { text: state, tone: 'resting' };
    case 'limited':
    // These do not need a person, so they continue shortly.
    case 'waiting':
    case 'blocked':
      return { text: 'waiting', tone: 'resting' };
    default:
      return state satisfies never;
  }
}

/** What the agent does at the moment; undefined where that is not known. */
export function doingText({ activity, worker }: { activity?: string; worker?: string }): string | undefined {
  return activity ?? (worker === 'starting' ? 'starting' : undefined);
}

type Phrasing = Required<Omit<WordsFor, 'lasted'>>;
type Worded = Partial<ViewFacts> & Pick<StateFacts, 'state'>;

export function stateText(facts: Worded, { reader = 'you', when = at, lasted }: WordsFor = {}): StateText {
  const words = describeState(facts, { reader, when });
  const { predicate = `is ${words.brief}` } = words;
  const stops = facts.stops && STOPS[facts.stops];
  const briefs = [
    // Not after the time at which the state ends.
    lasted === undefined || facts.until !== undefined ? words.brief : `${words.brief} for ${lasted}`,
    stops,
    publishedText(facts, reader),
    facts.archived && 'in the archive',
    hostText(facts),
  ];
  return {
    ...words,
    brief: briefs.filter(Boolean).join(', '),
    predicate: stops ? `${predicate} and ${stops}` : predicate,
  };
}

/** Describes where in the pool the session is. */
function hostText({ host, lacks }: Worded): string | undefined {
  if (lacks !== undefined) return undefined;
  return host === undefined || host === AUTO_ASSIGN ? host && 'offered to the pool' : `on ${host}`;
}

/** The state and its reason on one line: `waits for answers: Q1, Q2`. */
export function stateLine(facts: Worded, how?: WordsFor): string {
  const { brief, why } = stateText(facts, how);
  return why ? `${brief}: ${why}` : brief;
}

const at = (time: string) => `at ${time}`;

const BEGUN_EARLIER = 'a samocode from before the first release began it';
const LOG_ELSEWHERE = 'its log is not where this version keeps them';

type Row = Omit<StateText, 'predicate'> & { predicate?: string };

function describeState(facts: Worded, { reader, when }: Phrasing): Row {
  const { state, about, condition } = facts;
  const { reason } = facts.says ?? {};
  if (condition === 'unreadable')
    return { brief: 'cannot be read', predicate: 'cannot be read', tone: 'bad' };
  if (condition === 'newer')
    return {
      brief: 'read-only here',
      predicate: 'is read-only here: a newer samocode has recorded what this one does not know',
      tone: 'bad',
    };
  if (condition === 'older')
    return { brief: 'only to be read', predicate: `is only to be read: ${BEGUN_EARLIER}`, tone: 'plain' };
  if (condition === 'elsewhere')
    return { brief: 'to be imported', predicate: `is not continued: ${LOG_ELSEWHERE}`, tone: 'plain' };
  if (condition === 'unseen')
    return {
      brief: 'its worker cannot be seen from here',
      predicate: `needs ${reader === 'you' ? 'you' : 'a person'}: whether its worker is alive cannot be seen from here`,
      tone: 'bad',
    };
  if (facts.lacks !== undefined) {
    const brief = `waits for a host with ${facts.lacks}`;
    return { brief, predicate: brief, tone: 'person' };
  }
  switch (state) {
    case 'starting':
      return condition === 'lost'
        ? { brief: 'cannot start', predicate: 'could not start', tone: 'bad' }
        : { brief: 'starting', tone: 'plain' };
    case 'running':
      return { brief: 'running', tone: 'working' };
    case 'queued':
      return {
        brief: 'queued',
        predicate: facts.starts ?? 'is queued until a slot is free',
        why: facts.starts ?? reason,
        tone: 'plain',
      };
    case 'waiting':
      return describeWaiting(facts, reader);
    case 'limited':
      return describeLimited(facts, { reader, when });
    case 'blocked': {
      if (about === 'checks')
        return {
          brief: 'blocked',
          predicate: 'is blocked: its checks fail before any work has begun',
          why: reason,
          tone: 'bad',
        };
      const predicate = `is blocked and needs ${reader === 'you' ? 'you' : 'a person'}`;
      return { brief: 'blocked', predicate, why: reason, tone: 'bad' };
    }
    case 'stopped':
      return { brief: 'stopped', why: reason, tone: 'plain' };
    case 'done':
      return describeDone(facts, reader);
    default:
      return state satisfies never;
  }
}

function describeLimited({ until, outage, asksAt, kept }: Worded, { reader, when }: Phrasing): Row {
  const next = until === undefined ? undefined : when(until);
  const asks = asksAt === undefined ? undefined : `${reader} ${when(asksAt)}`;
  if (kept !== undefined) {
    const ends = next === undefined ? '' : `; the window ends ${next}`;
    return {
      brief: `${kept} for ${reader}${ends}`,
      predicate: `waits: ${kept} for ${reader}${ends}`,
      tone: 'person',
    };
  }
  if (outage === undefined) {
    if (next === undefined)
      return { brief: 'usage limit', predicate: 'is at its usage limit', tone: 'person' };
    const predicate = `is at its usage limit, which ends ${next}`;
    return { brief: `usage limit ends ${next}`, predicate, tone: 'person' };
  }
  const words = describeOutage(outage, { next, asks });
  return { brief: words, predicate: `waits: ${words}`, tone: 'person' };
}

function describeWaiting({ for: waitsFor, openQuestions = [], about, says }: Worded, reader: string): Row {
  const tone = 'person';
  const { reason, file } = says ?? {};
  const ids = listed(openQuestions, MAX_NAMED);
  const named = ids === '' ? '' : `: ${ids}`;
  if (about === 'checks') {
    const brief = 'waits for a decision';
    return { brief, predicate: `${brief} about changed checks${named}`, why: ids, tone };
  }
  switch (waitsFor) {
    case 'qa_answers': {
      const brief = 'waits for answers';
      return { brief, predicate: `${brief} to its questions${named}`, why: ids, tone };
    }
    case 'plan_approval':
      return {
        brief: 'waits for approval',
        predicate: 'waits for the approval of its plan',
        why: reason,
        tone,
      };
    case 'file_update':
      return { brief: 'waits for a file', predicate: 'waits for a change to a file', why: file, tone };
    case 'human_action': {
      const who = reader === 'you' ? 'you' : 'a person';
      const predicate = `waits for something that ${who} must do`;
      return { brief: `waits for ${reader}`, predicate, why: reason, tone };
    }
    case undefined:
      return { brief: 'waits', predicate: 'waits', tone };
    default:
      return waitsFor satisfies never;
  }
}

const MAX_NAMED = 12;

/** The needs that samocode names; an agent can name any other. */
const NEEDS: Readonly<Record<string, string>> = {
  human_decision: 'your decision',
  error_resolution: 'that you fix what failed, or say how',
};

/** What a blocked session needs, in words for the person. */
export function neededText(needs: string): string {
  return (Object.hasOwn(NEEDS, needs) ? NEEDS[needs] : undefined) ?? needs.replaceAll('_', ' ');
}

function describeDone({ iteration, merge, unpublished, pullRequest, says }: Worded, reader: string): Row {
  const done = `is done${iteration === undefined ? '' : ` after ${counted(iteration, 'iteration')}`}`;
  // A pull request that was merged since is the newer fact.
  const isMerged = pullRequest?.state === 'merged';
  const merged =
    merge !== undefined && !(isMerged && merge.outcome === 'failed')
      ? [`its branch ${MERGES[merge.outcome]} into ${merge.into}`]
      : [];
  const left =
    unpublished !== undefined && merge === undefined && !isMerged ? ['its branch was not published'] : [];
  const published = pullRequest === undefined ? [] : [pullRequestWords(pullRequest, reader)];
  const asks = pullRequest?.asks;
  return {
    brief: 'done',
    predicate: [done, ...merged, ...left, ...published].join('; '),
    why: asks ?? (left.length > 0 ? unpublished : says?.summary),
    tone: asks === undefined ? 'good' : 'person',
  };
}

function pullRequestWords(pullRequest: SeenPullRequest, reader: string): string {
  const { number, state, asks, missing } = pullRequest;
  if (asks !== undefined) return `its pull request #${number} needs ${reader}`;
  const more = missing === undefined ? '' : `; ${missingText(missing)}`;
  return `its pull request #${number} is ${state}${seenText(pullRequest)}${more}`;
}

/** `, seen 01-08 10:42`: when a watched pull request was last seen. */
function seenText({ state, watched, seenAt }: SeenPullRequest): string {
  const isLooked = watched && state === 'open' && seenAt !== undefined;
  return isLooked ? `, seen ${stampsAt(Date.parse(seenAt)).log}` : '';
}

/** The published work, in addition to the state: `open #17, round 2, seen 01-08 10:42`, `merged #17`. */
function publishedText({ finishing, pullRequest, merge }: Worded, reader: string): string | undefined {
  if (finishing) return `${FINISHING[finishing]} not finished`;
  if (merge?.outcome === 'merged') return 'merged';
  if (pullRequest === undefined) return undefined;
  const { state, number, round, asks, missing } = pullRequest;
  const rounds = round === undefined || state !== 'open' ? '' : `, round ${round}`;
  const unmerged = missing === undefined ? '' : ` without ${counted(missing.commits, 'commit')}`;
  const needs = asks === undefined ? '' : `, needs ${reader}`;
  return `${state} #${number}${unmerged}${rounds}${needs}${seenText(pullRequest)}`;
}

const MERGES = { under_way: 'is being merged', merged: 'is merged', failed: 'was not merged' } as const;

const PLACES = { clone: 'on a fresh clone', worktree: "in the agent's folder" } as const;

/** The facts of a proof, after its `how`: `2 checks on a fresh clone, 2 of 2 requirements (1 by review)`. */
export function proofWords({ how, checks, in: place, requirements, open }: ProofFact): string {
  if (how === 'no') return checks > 0 ? 'no passing checks on its last commit' : 'no checks are set';
  const passed = `${counted(checks, 'check')} ${PLACES[place]}`;
  const { total = 0, met = 0, reviewed = 0 } = requirements ?? {};
  const byReview = reviewed > 0 ? ` (${reviewed} by review)` : '';
  const shown = total > 0 ? `${passed}, ${met} of ${counted(total, 'requirement')}${byReview}` : passed;
  return open === undefined ? shown : `${open}; ${shown}`;
}

export const PROVED = { yes: 'proved', partly: 'partly proved', no: 'not proved' } as const;

/** `yes: 2 checks on a fresh clone`; undefined before the session is done. */
export function proofLine(proof: ProofFact | undefined): string | undefined {
  return proof && `${proof.how}: ${proofWords(proof)}`;
}

/** Describes what a session is doing in one sentence that contains no text from agents. */
export function statusSentence(view: SessionView): string {
  return sentenceOf(viewFacts(view));
}

export function sentenceOf(facts: ViewFacts): string {
  const app = facts.app === undefined ? '' : ` Its application is at ${facts.app}.`;
  const run = facts.recurring === undefined ? '' : ` It is recurring: ${facts.recurring}.`;
  const name = `${facts.session}${wayText(facts)}`;
  const slept = facts.slept === undefined ? '' : ` It stood still for ${facts.slept}.`;
  const grown = facts.says?.way ? ' It grew beyond quick.' : '';
  return `${name} ${predicateOf(facts, stateText(facts, { reader: 'the user' }).predicate)}.${grown}${slept}${run}${app}`;
}

/** The same for a person, shown below the session's name. If the worker is gone, the text says so instead of the state. */
export function stateSentence(facts: ViewFacts & { worker?: string }, nowMs: number): string {
  const when = (time: string) => at(localTime(time, nowMs));
  const predicate = predicateOf(facts, goneText(facts) ?? stateText(facts, { when }).predicate);
  return `${capitalised(predicate.replace(/^is /, ''))}.`;
}

/** Without the year where it is this one. */
function localTime(time: string, nowMs: number): string {
  const { minute, log } = stampsAt(Date.parse(time));
  return minute.startsWith(stampsAt(nowMs).minute.slice(0, 'YYYY-'.length)) ? log : minute;
}

function predicateOf(facts: ViewFacts, predicate: string): string {
  const place = `(${facts.phase}, iteration ${facts.iteration})`;
  const placed = hasPosition(facts) ? `${predicate} ${place}` : predicate;
  if (facts.finishing !== undefined) return `${placed}; its ${FINISHING[facts.finishing]} is not finished`;
  return facts.archived ? `${placed}; it is in the archive` : placed;
}

function hasPosition({ state, condition, starts, iteration }: ViewFacts): boolean {
  if (condition === 'unreadable' || condition === 'newer' || iteration === 0) return false;
  return condition === 'unseen' || (state !== 'starting' && state !== 'done' && starts === undefined);
}

/** The contents of `now.json`, for status bars. @param activity what the agent is doing */
export function nowText({ folder }: SessionFile, state: SessionState, activity?: string): string {
  const facts = stateFacts(state);
  const now = {
    session: folder,
    status: facts.state,
    detail: stateLine(facts),
    phase: facts.phase,
    iteration: facts.phaseIteration,
    total: facts.iteration,
    activity,
    since: facts.since,
    costUsd: state.cost.usd,
  };
  return `${JSON.stringify(now)}\n`;
}
