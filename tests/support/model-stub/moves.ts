import { join } from 'node:path';
import { GRANTS } from '../../../src/core/kernel/phases/grants.ts';
import type { Job } from './job.ts';

export interface ToolCall {
  say: string;
  name: string;
  input: Record<string, unknown>;
}

export interface ToolResult {
  text: string;
  failed: boolean;
}

/** A piece of work as a model does it: one tool call after another, each with the previous results. */
export type Script = Generator<ToolCall, void, ToolResult>;
export type Move = Generator<ToolCall, ToolResult, ToolResult>;

export function* bash(command: string, say = 'Running a command.'): Move {
  return yield { say, name: 'Bash', input: { command, description: say } };
}

/** The file's text without the line numbers that the tool adds. */
export function* read(path: string): Move {
  const { text, failed } = yield { say: `Reading ${path}.`, name: 'Read', input: { file_path: path } };
  return { text: text.replace(/^[ \t]*\d+[→\t]/gm, ''), failed };
}

export function* write(path: string, content: string): Move {
  return yield { say: `Writing ${path}.`, name: 'Write', input: { file_path: path, content } };
}

export function* edit(path: string, before: string, after: string): Move {
  const input = { file_path: path, old_string: before, new_string: after };
  return yield { say: `Editing ${path}.`, name: 'Edit', input };
}

/** Writes a document into the session folder and its line into the overview. */
export function* document(job: Job, kind: string, title: string, text: string): Script {
  const name = `${job.fileStamp}-${kind}-${job.work.slug}.md`;
  const path = join(job.sessionDir, name);
  // Read first: tools refuse to overwrite files that they have not read, and two agents may share a minute.
  yield* read(path);
  yield* write(path, text);
  yield* note(job, `${title} -> ${name}`);
}

/** Writes the work into the overview, as the prompt of every phase requires. */
export function* note(job: Job, done: string): Script {
  const path = join(job.sessionDir, '_overview.md');
  const { text, failed } = yield* read(path);
  if (failed) return;
  const lastAction = /^Last Action:.*$/m.exec(text)?.[0];
  if (lastAction) yield* edit(path, lastAction, `Last Action: ${done}`);
  const flow = text.split('\n').filter((line) => line.startsWith('- ['));
  const flowLine = `- ${job.flowStamp} ${done}`;
  const lastFlowLine = flow.at(-1);
  if (lastFlowLine) yield* edit(path, lastFlowLine, `${lastFlowLine}\n${flowLine}`);
  else if (text.includes('## Flow Log\n')) yield* edit(path, '## Flow Log\n', `## Flow Log\n${flowLine}\n`);
}

/** The last act of an iteration; in document phases by the Write tool, in the others by the shell. */
export function* signal(job: Job, words: Record<string, string>): Script {
  const path = join(job.sessionDir, '_signal.json');
  const json = JSON.stringify(words);
  if (GRANTS[job.phase] === 'documents') {
    yield* read(path);
    yield* write(path, json);
  } else {
    yield* bash(`printf '%s' ${quoted(json)} > ${quoted(path)}`, 'Signalling.');
  }
}

/** `words` as one argument of a POSIX shell. */
export function quoted(words: string): string {
  return `'${words.replaceAll("'", `'\\''`)}'`;
}
