import type { ActionContext } from '../../caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import { decode, readPlainFile } from '../../kernel/files/plain-file.ts';
import type { OtherFailure } from '../../kernel/phases/proving.ts';
import { documentText } from '../../session/documents/documents.ts';
import {
  isAsked,
  openQuestions,
  parseQa,
  type QaReading,
  questionsHash,
  withOwnMarked,
} from '../../session/documents/qa.ts';
import type { QaQuestion } from '../../session/documents/qa-blocks.ts';
import type { ControlQuestion } from '../../session/events/bodies/positions.ts';
import { gateOf } from '../../session/folder/read-session.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { MAX_DOCUMENT_BYTES, type SessionPaths } from '../../session/layout/paths.ts';
import { fromChat } from './from-chat.ts';

export interface QaItem extends QaQuestion {
  isOpen: boolean;
  /** The file contains an answer that is not known to come from a person: it must be confirmed or replaced. */
  isUnconfirmed: boolean;
}

export interface QaReport {
  view: SessionView;
  title: string | undefined;
  questions: QaItem[];
  open: string[];
  problems: string[];
  /** What an answer to these questions has to name. */
  hash: string;
  /** What an open question about checks refers to: the changes to them, or their output. */
  about?: { question: string; text: string } | undefined;
  /** At the first gate: what its agent took from the chat that the session carries on. */
  fromChat: string | undefined;
}

export async function readQa(question: SessionQuestion, context: ActionContext): Promise<QaReport> {
  const view = await findSession(question, context);
  return await readQaOf(view);
}

export async function readQaOf(view: SessionView): Promise<QaReport> {
  const { title, questions, problems, text } = await readQaFile(view.paths);
  // Both are empty while the session waits for a plan.
  const gate = gateOf(view);
  const { openQuestions: open = [], unconfirmed: given = [] } = gate ?? {};
  const unconfirmed = given.map(({ id }) => id);
  const items = withOwnMarked(questions, view.state).map((each) => ({
    ...each,
    isOpen: open.includes(each.id),
    isUnconfirmed: unconfirmed.includes(each.id),
  }));
  const asked = items.filter(({ isOpen }) => isOpen);
  const about = await aboutOwn(view, asked);
  const hash = questionsHash(openQuestions(text, view.state)).slice(0, 12);
  return { view, title, questions: items, open, problems, hash, about, fromChat: await fromChat(view) };
}

async function aboutOwn(
  { paths, state }: SessionView,
  open: readonly QaQuestion[],
): Promise<QaReport['about']> {
  for (const ask of state.asks ?? []) {
    const asked = open.find((question) => isAsked(ask, question));
    const text = asked && (await aboutAsk(ask, paths, state.baseChecks));
    if (asked && text) return { question: asked.id, text };
  }
  return undefined;
}

async function aboutAsk(
  { kind, keys }: ControlQuestion,
  { weakenedDiff }: SessionPaths,
  base: SessionView['state']['baseChecks'],
): Promise<string | undefined> {
  switch (kind) {
    case 'weakened':
      return await documentText(weakenedDiff);
    case 'other_failure':
      return base?.others?.filter(({ command }) => keys.includes(command)).map(bothEnds)[0];
    case 'red_base':
      return base?.failed
        .map(({ command, how, tail = '' }) => `$ ${command}\n${tail}\n(${how})`)
        .join('\n\n');
    case 'order':
      return undefined;
    default:
      return kind satisfies never;
  }
}

function bothEnds({ command, how, onBranch, onBase }: OtherFailure): string {
  return `$ ${command}\n(${how} on both)\n\nOn the branch:\n${onBranch}\n\nOn the base commit:\n${onBase}`;
}

async function readQaFile({ qa }: SessionPaths): Promise<QaReading & { text: string | undefined }> {
  const reading = await readPlainFile(qa, MAX_DOCUMENT_BYTES);
  const text = reading.kind === 'bytes' ? decode(reading.bytes) : undefined;
  if (text !== undefined) return { ...parseQa(text), text };
  const problems = reading.kind === 'unusable' ? [`_qa.md is ${reading.problem}.`] : [];
  return { title: undefined, status: undefined, questions: [], problems, text };
}
