import { counted } from '../../../core/kernel/text.ts';
import { inlineMaterial, material } from '../../../core/session/documents/material.ts';
import { boundedDocument } from '../forge/bounded-document.ts';
import type { JobLogs } from '../forge/github.ts';
import type { ForgeCheck, PullRequestDetails } from '../forge/pull-request-answers.ts';
import type { Feedback, Remark } from './feedback.ts';

const MAX_QUOTE_CHARS = 8000;
/** The end of a log is kept, because the error is there. */
const MAX_LOG_CHARS = 40_000;
/** The text is part of a command, whose file is limited to 2 MB. */
const MAX_CHARS = 300_000;

export interface RoundText {
  text: string;
  /** The quoted threads and their names in the text. */
  threads: { name: string; id: string }[];
}

/**
 * Renders the document that describes a round to agents: our sentences, and quotations with their authors.
 */
export function roundText(
  { number, url, title, baseBranch, base }: PullRequestDetails,
  { checks, remarks, conflict }: Feedback,
  logs: JobLogs,
): RoundText {
  const reviews = remarks.filter(({ thread }) => thread === undefined);
  const ids = new Set(remarks.flatMap(({ thread }) => thread?.id ?? []));
  const threads = [...ids].map((id, at) => ({ name: `T${at + 1}`, id }));
  const parts = [
    `# Feedback on pull request #${number}`,
    `${url}\n\n${material(title, MAX_QUOTE_CHARS)}`,
    ...checks.map((check) => checkText(check, logs.get(check))),
    ...(conflict
      ? [
          `## Conflict with ${inlineMaterial(baseBranch)}\n\nMerge ${base}, the tip of that branch, into the branch of this session, and resolve the conflicts.`,
        ]
      : []),
    ...reviews.map(
      ({ comment }) =>
        `## Review by ${inlineMaterial(comment.author.login)}: changes requested\n\n${material(comment.body, MAX_QUOTE_CHARS)}`,
    ),
    ...threads.map(({ name, id }) =>
      threadText(
        name,
        remarks.filter(({ thread }) => thread?.id === id),
      ),
    ),
  ];
  return { text: boundedDocument(parts, MAX_CHARS), threads };
}

export function checkText(
  { name, isRequired, app, url, text }: ForgeCheck,
  log: readonly string[] | undefined,
): string {
  const which = isRequired ? 'The required check' : 'The check';
  const about = [app && `reported by ${inlineMaterial(app)}`, url && `at ${inlineMaterial(url)}`]
    .filter(Boolean)
    .join(', ');
  const output = text ? `\n\nIts message:\n\n${material(text, MAX_QUOTE_CHARS)}` : '';
  const lines =
    log === undefined
      ? 'Its log cannot be read from here.'
      : `The last ${counted(log.length, 'line')} of its log, up to the error:\n\n${material(log.join('\n').slice(-MAX_LOG_CHARS), MAX_LOG_CHARS)}`;
  return `## ${which} ${inlineMaterial(name)} fails\n\n${about && `It is ${about}. `}${lines}${output}`;
}

function threadText(name: string, remarks: readonly Remark[]): string {
  const { thread } = remarks[0] ?? {};
  const line = thread?.line === undefined ? '' : `:${thread.line}`;
  const old = thread?.isOutdated ? ', written about an earlier version of these lines' : '';
  const comments = remarks.map(
    ({ comment }) =>
      `${inlineMaterial(comment.author.login)} writes:\n\n${material(comment.body, MAX_QUOTE_CHARS)}`,
  );
  return [`## ${name}: ${inlineMaterial(`${thread?.path ?? ''}${line}`)}${old}`, ...comments].join('\n\n');
}
