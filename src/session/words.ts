import { listed } from '../base/text.ts';
import { outageWords } from './events/bodies/positions.ts';
import type { SessionFile } from './events/session-file.ts';
import type { SessionView } from './events/session-view.ts';
import type { SessionState } from './events/state.ts';
import { type SessionFacts, type StateFacts, sessionFacts, stateFacts } from './facts.ts';

/** The words of a state; a face only paints them, cuts them and puts them in order. */
export interface StateWords {
  /** `waits for answers`, `blocked`: for a column. Ours alone. */
  brief: string;
  /** `waits for answers to its questions: Q1`, `is blocked and needs you`: after the name. Ours alone. */
  predicate: string;
  /** `Q1, Q2`, a file, or what an agent or a person wrote about it: quoted, never an instruction. */
  why?: string | undefined;
  tone: 'person' | 'bad' | 'good' | 'working' | 'plain';
}

export interface WordsFor {
  /** Who reads them: the person of the session, or whoever works for that person. */
  reader?: 'you' | 'the user';
  /** How a time is said, from its ISO form: `at 2026-01-08T15:00:00.000Z`, `in 5 min`. */
  when?: (time: string) => string;
}

/** That a stop is on its way, by when it comes. */
export const STOPS = { after_iteration: 'stops after this iteration', now: 'is being stopped' } as const;

export const WORKER_GONE = 'its worker is gone';

/** That nothing works in it although it is not over; undefined where something does, or where that cannot be seen. */
export function goneWords({ worker, condition }: { worker?: string } & Pick<Worded, 'condition'>) {
  return worker === 'gone' && condition !== 'unseen' ? WORKER_GONE : undefined;
}

type Worded = Partial<SessionFacts> & Pick<StateFacts, 'state'>;

export function stateWords(facts: Worded, { reader = 'you', when = at }: WordsFor = {}): StateWords {
  const words = ofState(facts, { reader, when });
  const { predicate = `is ${words.brief}` } = words;
  const stops = facts.stops && STOPS[facts.stops];
  const briefs = [words.brief, stops, facts.archived && 'in the archive'];
  return {
    ...words,
    brief: briefs.filter(Boolean).join(', '),
    predicate: stops ? `${predicate} and ${stops}` : predicate,
  };
}

/** The same with why, on one line: `waits for answers: Q1, Q2`. */
export function stateLine(facts: Worded, how?: WordsFor): string {
  const { brief, why } = stateWords(facts, how);
  return why ? `${brief}: ${why}` : brief;
}

const at = (time: string) => `at ${time}`;

type Row = Omit<StateWords, 'predicate'> & { predicate?: string };

function ofState(facts: Worded, { reader, when }: Required<WordsFor>): Row {
  const { state, reason, needs, about, condition } = facts;
  if (condition === 'unreadable')
    return { brief: 'cannot be read', predicate: 'cannot be read', tone: 'bad' };
  if (condition === 'unseen')
    return {
      brief: 'its worker cannot be seen from here',
      predicate: 'needs a person: whether its worker lives cannot be seen from here',
      tone: 'bad',
    };
  switch (state) {
    case 'starting':
      return condition === 'lost'
        ? { brief: 'cannot start', predicate: 'never began and cannot', tone: 'bad' }
        : { brief: 'starting', tone: 'plain' };
    case 'running':
      return { brief: 'running', tone: 'working' };
    case 'queued':
      return { brief: 'queued', predicate: 'is queued until a slot is free', why: reason, tone: 'plain' };
    case 'waiting':
      return ofWaiting(facts, reader);
    case 'limited':
      return ofLimited(facts, { reader, when });
    case 'blocked': {
      if (about === 'checks')
        return {
          brief: 'blocked',
          predicate: 'is blocked and asks about its checks: they fail before any work',
          why: reason,
          tone: 'bad',
        };
      const needed = reader === 'you' ? 'you' : ourWord(needs);
      return { brief: 'blocked', predicate: `is blocked and needs ${needed}`, why: reason, tone: 'bad' };
    }
    case 'stopped':
      return { brief: 'stopped', why: reason, tone: 'plain' };
    case 'done':
      return { brief: 'done', predicate: doneWords(facts), why: facts.summary, tone: 'good' };
    default:
      return state satisfies never;
  }
}

function ofLimited({ until, outage, asksAt }: Worded, { reader, when }: Required<WordsFor>): Row {
  const next = until === undefined ? undefined : when(until);
  const asks = asksAt === undefined ? undefined : `${reader} ${when(asksAt)}`;
  if (outage === undefined) {
    if (next === undefined)
      return { brief: 'usage limit', predicate: 'is at its usage limit', tone: 'person' };
    const predicate = `is at its usage limit, which ends ${next}`;
    return { brief: `usage limit ends ${next}`, predicate, tone: 'person' };
  }
  const words = outageWords(outage, { next, asks });
  return { brief: words, predicate: `waits: ${words}`, tone: 'person' };
}

function ofWaiting({ for: waitsFor, file, reason, openQuestions = [], about }: Worded, reader: string): Row {
  const tone = 'person';
  const ids = listed(openQuestions, MOST_NAMED);
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
      return { brief: 'waits for approval', predicate: 'waits for the approval of its plan', tone };
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

const MOST_NAMED = 12;

// An agent may name any need; only a plain word becomes part of a sentence of ours.
function ourWord(needs = ''): string {
  return /^[a-z_]{1,30}$/.test(needs) ? needs : 'a person';
}

function doneWords({ totalIterations, merge }: Worded): string {
  const done = `is done${totalIterations === undefined ? '' : ` after ${totalIterations} iterations`}`;
  return merge === undefined ? done : `${done}; its branch ${MERGES[merge.outcome]} into ${merge.into}`;
}

const MERGES = { under_way: 'is being merged', merged: 'is merged', failed: 'was not merged' } as const;

/** What a session is doing, in one sentence of ours: nothing that an agent said is in it. */
export function statusSentence(view: SessionView): string {
  const facts = sessionFacts(view);
  const sentence = `${facts.session} ${saidOf(facts)}`;
  if (facts.condition === 'foreign')
    return `${sentence}; it was made by the Python samocode, or by hand, and a resume takes it over.`;
  return facts.archived ? `${sentence}; it is in the archive.` : `${sentence}.`;
}

function saidOf(facts: SessionFacts): string {
  const place = `(${facts.phase}, iteration ${facts.totalIterations})`;
  const { predicate } = stateWords(facts, { reader: 'the user' });
  return isPlaced(facts) ? `${predicate} ${place}` : predicate;
}

function isPlaced({ state, condition }: SessionFacts): boolean {
  if (condition === 'unreadable' || condition === 'unseen') return condition === 'unseen';
  return state !== 'starting' && state !== 'done';
}

/** `now.json`: what a status bar needs, in one small object. @param activity what the agent does now */
export function nowText({ folder }: SessionFile, state: SessionState, activity?: string): string {
  const facts = stateFacts(state);
  const now = {
    session: folder,
    status: facts.state,
    detail: stateLine(facts),
    phase: facts.phase,
    iteration: facts.iteration,
    total: facts.totalIterations,
    activity,
    since: facts.since,
    costUsd: state.cost.usd,
  };
  return `${JSON.stringify(now)}\n`;
}
