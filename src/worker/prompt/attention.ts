import { join } from 'node:path';
import { listed } from '../../base/plain-words.ts';
import type { CodeEdits } from '../../phases/code-edits.ts';
import { GRANTS } from '../../phases/grants.ts';
import type { Phase } from '../../phases/table.ts';
import { inlineMaterial, LINE_END, material, materialSection } from './material.ts';
import type { PromptState } from './prompt-state.ts';

// What others wrote may be long; a prompt may not. Beyond these a file is named instead.
const MAX_TASK = 12_000;
const MAX_CONSTRAINTS = 12_000;
const MAX_MESSAGE = 4_000;
const MAX_MESSAGES = 10;
const MAX_NOTE = 4_000;
// No file holds it, so it is given whole as long as it is anything that a person would write.
const MAX_FEEDBACK = 100_000;

/** What the child must know before all else: failures and hand-offs, the person's words, the goal. */
export function attention(state: PromptState): string {
  const { sessionDir, task, dive, goal, feedback, constraints } = state;
  const overview = join(sessionDir, '_overview.md');
  const section = (title: string, text: string | undefined, maxChars: number, whole = overview) =>
    text === undefined ? '' : materialSection(title, text, { maxChars, whole });
  const finished =
    'The goal now (what follows below as the task is finished; its questions and plans do not count for it)';
  const parts = [
    firstOfAll(state),
    messages(state),
    section('The human wants the plan changed', feedback, MAX_FEEDBACK),
    section(finished, goal, MAX_TASK),
    section('The task', task, MAX_TASK, `${overview}, under Task`),
    section('The dive topic: what to investigate', dive, MAX_TASK),
    section(
      'Constraints of this project, for what you build',
      constraints?.text,
      MAX_CONSTRAINTS,
      constraints?.path,
    ),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function firstOfAll({ notes, codeEdits, phase }: PromptState): string {
  const items = [...(codeEdits ? [codeItem(codeEdits, phase)] : []), ...notes.map(noteItem)];
  return items.length === 0 ? '' : `## First of all\n\n${items.join('\n')}\n`;
}

const MOST_PATHS = 20;

function codeItem({ tree, paths, count, phases }: CodeEdits, phase: Phase): string {
  const shown = listed(paths.map(inlineMaterial), MOST_PATHS, { all: count });
  const source = tree.slice(0, 12);
  const who = `The agent of ${phases.join(' and of ')} changed ${shown}, although it only writes documents; \`git diff ${source}\` shows what.`;
  return GRANTS[phase] === 'documents'
    ? `- ${who} Take none of it for the project's own code, and leave it to the agents of implementation.`
    : `- ${who} Keep it only if the plan asks for it; otherwise restore it, with \`git restore --source=${source} [path]\`, remove what is new, and commit.`;
}

// The first line is the worker's own sentence; what an agent or a person said follows it, and is quoted.
function noteItem(note: string): string {
  const [own = '', ...rest] = note.split(LINE_END);
  const quoted = rest.join('\n');
  const item = `- ${own.slice(0, MAX_NOTE)}`;
  if (quoted.trim() === '') return item;
  return `${item}\n\n${indented(material(quoted, MAX_NOTE, 'the log of the agent before you, in _logs/'))}\n`;
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}

function messages({ messages: all }: PromptState): string {
  if (all.length === 0) return '';
  const shown = all.slice(0, MAX_MESSAGES).map(({ id, path, text, isRepeated }) => {
    const again = isRepeated ? ', given to an earlier agent too and not acknowledged' : '';
    return `Message ${inlineMaterial(id)}${again}:\n\n${material(text, MAX_MESSAGE, path)}\n`;
  });
  const left = all.slice(MAX_MESSAGES).map(({ path }) => `- ${path}`);
  const ids = all.map(({ id }) => id);
  return [
    '## The human writes to you\n',
    ...shown,
    ...(left.length > 0 ? [`More messages, to be read in this order:\n\n${left.join('\n')}\n`] : []),
    'Weigh each in what you do, say in the flow log what became of it, and acknowledge those that you have heeded in your',
    `signal by their ids: \`"acknowledged": ${JSON.stringify(ids)}\`. The session cannot end while one is not acknowledged.\n`,
  ].join('\n');
}
