import { counted } from '../../base/text.ts';
import type { ForgeCheck, PullRequestDetails } from '../../forge/forge.ts';
import { inlineMaterial, material } from '../../session/documents/material.ts';
import type { Matter, Remark } from './round-matter.ts';

const MAX_WORDS_CHARS = 8000;
/** Of the end of a log, where its error is. */
const MAX_LOG_CHARS = 40_000;
/** A command of a worker may have 2 MB. */
const MAX_CHARS = 300_000;

export interface RoundText {
  text: string;
  /** The threads that it quotes, by the names that it gives them. */
  threads: { name: string; id: string }[];
}

/**
 * The Markdown document about a round that agents read: our own words, and quotations with their authors.
 * @param logs the last lines of failed jobs, by the id of the job
 */
export function roundText(
  { number, url, title, baseBranch, base }: PullRequestDetails,
  { checks, words, conflict }: Matter,
  logs: ReadonlyMap<number, readonly string[] | undefined>,
): RoundText {
  const reviews = words.filter(({ thread }) => thread === undefined);
  const ids = new Set(words.flatMap(({ thread }) => thread?.id ?? []));
  const threads = [...ids].map((id, at) => ({ name: `T${at + 1}`, id }));
  const parts = [
    `# What came back to pull request #${number}`,
    `${url}\n\n${material(title, MAX_WORDS_CHARS)}`,
    ...checks.map((check) => checkText(check, logs.get(check.jobId ?? 0))),
    ...(conflict
      ? [
          `## It conflicts with ${inlineMaterial(baseBranch)}\n\nMerge ${base}, the tip of that branch, into the branch of this session, and resolve what both changed.`,
        ]
      : []),
    ...reviews.map(
      (words) =>
        `## Review by ${inlineMaterial(words.by)}: changes requested\n\n${material(words.comment.body, MAX_WORDS_CHARS)}`,
    ),
    ...threads.map(({ name, id }) =>
      threadText(
        name,
        words.filter(({ thread }) => thread?.id === id),
      ),
    ),
  ];
  const text = parts.join('\n\n');
  return { text: `${text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}\n\n(Cut.)` : text}\n`, threads };
}

function checkText(
  { name, isRequired, app, url, text }: ForgeCheck,
  log: readonly string[] | undefined,
): string {
  const which = isRequired ? 'The required check' : 'The check';
  const about = [app && `reported by ${inlineMaterial(app)}`, url && `at ${inlineMaterial(url)}`]
    .filter(Boolean)
    .join(', ');
  const said = text ? `\n\nIt says:\n\n${material(text, MAX_WORDS_CHARS)}` : '';
  const lines =
    log === undefined
      ? 'Its log cannot be read from here.'
      : `The last ${counted(log.length, 'line')} of its log before the error:\n\n${material(log.join('\n').slice(-MAX_LOG_CHARS), MAX_LOG_CHARS)}`;
  return `## ${which} ${inlineMaterial(name)} fails\n\n${about && `It is ${about}. `}${lines}${said}`;
}

function threadText(name: string, words: readonly Remark[]): string {
  const { thread } = words[0] ?? {};
  const line = thread?.line === undefined ? '' : `:${thread.line}`;
  const old = thread?.isOutdated ? ', written about an earlier version of these lines' : '';
  const comments = words.map(
    ({ by, comment }) => `${inlineMaterial(by)} writes:\n\n${material(comment.body, MAX_WORDS_CHARS)}`,
  );
  return [`## ${name}: ${inlineMaterial(`${thread?.path ?? ''}${line}`)}${old}`, ...comments].join('\n\n');
}

/** What agents wrote for each thread, by its name: the text below `## T1`, up to the next heading of that kind. */
export function answersIn(text: string): Map<string, string> {
  const parts = text.split(/^## +(T\d+)\b.*$/m).slice(1);
  const answers = new Map<string, string>();
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const said = parts[at + 1]?.trim().slice(0, MAX_ANSWER_CHARS);
    if (said) answers.set(parts[at] ?? '', said);
  }
  return answers;
}

const MAX_ANSWER_CHARS = 4000;
