import type { Server } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { type ContextFor, exchangeOf } from '../../../core/faces/mcp/exchange.ts';
import { InvalidParamsError, onRequest, unknownName } from '../../../core/faces/mcp/on-request.ts';
import type { PromptChoice, PromptSource } from './prompts.ts';

const MAX_CHARS = 100_000;

// Gemini CLI drops the text after a prompt with an optional argument, and does not ask for a required one.
const PASSES_TEXT_ONLY_IF_REQUIRED = 'gemini-cli-mcp-client';

const Named = z.object({ name: z.string(), arguments: z.record(z.string(), z.string()).optional() });

/** Serves prompts; texts are loaded on demand. */
export function servePrompts(server: Server, contextFor: ContextFor, choice: PromptChoice): void {
  onRequest(server, 'prompts/list', z.object({}), async (_params, context) => {
    const { promptsOffered } = await import('./prompts.ts');
    const required = exchangeOf(server, context).client.name === PASSES_TEXT_ONLY_IF_REQUIRED;
    return { prompts: promptsOffered(choice).map((prompt) => listed(prompt, required)) };
  });
  onRequest(server, 'prompts/get', Named, async ({ name, arguments: given }, context) => {
    const prompt = await promptNamed(name, choice);
    const words = argumentText(given);
    const load = async () => (await import('../resources/session-rows.ts')).sessionLines;
    const contextOf = async () => await contextFor(exchangeOf(server, context));
    const sessions = prompt.body.includes('$SESSIONS') ? await (await load())(await contextOf()) : '';
    const { skillOf } = await import('./prompts.ts');
    const text = fillPrompt(prompt, { words, sessions, skill: skillOf(prompt) });
    return { description: prompt.description, messages: [{ role: 'user', content: { type: 'text', text } }] };
  });
}

/** Whether an argument of a prompt names an existing session. @throws InvalidParamsError for an unknown prompt */
export async function isSessionArgument(
  prompt: string,
  argument: string,
  choice: PromptChoice,
): Promise<boolean> {
  const known = (await promptNamed(prompt, choice)).argument;
  return known?.isSession === true && known.name === argument;
}

async function promptNamed(name: string, choice: PromptChoice): Promise<PromptSource> {
  const { promptsOffered } = await import('./prompts.ts');
  const offered = promptsOffered(choice);
  const found = offered.find((prompt) => prompt.name === name);
  if (found) return found;
  const names = offered.map((prompt) => prompt.name);
  throw new InvalidParamsError(unknownName('prompt', name, names));
}

function listed({ name, description, argument }: PromptSource, required: boolean) {
  const { title, label } = PROMPT_WORDS[name] ?? {};
  const args = argument && [{ name: argument.name, description: label ?? argument.hint, required }];
  return { name, title, description, arguments: args };
}

/** Joins all arguments: only one is declared, but some clients split the line. */
function argumentText(given: Readonly<Record<string, string>> = {}): string {
  const words = Object.values(given).join(' ').trim();
  if (words.length <= MAX_CHARS) return words;
  throw new InvalidParamsError(`The argument is longer than ${MAX_CHARS} characters; put it into a file.`);
}

export interface PromptFilling {
  /** The text after the prompt's name, as far as the client passed it on. */
  words: string;
  /** A line per session. */
  sessions?: string;
  skill?: { name: string; text: string } | undefined;
}

export function fillPrompt(prompt: PromptSource, { words, sessions = '', skill }: PromptFilling): string {
  const values: Readonly<Record<string, string>> = {
    $ARGUMENTS: words || '(nothing given)',
    $SESSIONS: sessions,
  };
  // One pass: the user's text may contain a placeholder.
  const text = prompt.body.replace(/\$(?:ARGUMENTS|SESSIONS)\b/g, (place) => values[place] ?? place);
  const parts = [text];
  if (prompt.argument && !prompt.argument.isOneWord && /^\S+$/.test(words)) parts.push(ONE_WORD_NOTE);
  if (skill) parts.push(`The skill \`${skill.name}\`, in case it is not installed:\n\n${skill.text}`);
  return `${parts.join('\n\n')}\n`;
}

// Claude Code splits the line at spaces and passes only the first word; the whole line is in <command-args>.
const ONE_WORD_NOTE =
  'Some clients pass only the first word. If `command-args` next to this text contains more, use that; if it is clearly cut off, ask me for the rest before you begin.';

export interface PromptWords {
  title: string;
  label?: string;
}

const SESSION = 'Name of the session';

export const PROMPT_WORDS: Readonly<Record<string, PromptWords>> = {
  start: { title: 'Start a task', label: 'What to do, in your own words' },
  review_plan: { title: 'Review a plan', label: `${SESSION} (empty: the one that waits)` },
  morning_report: { title: 'Morning report' },
  cleanup: { title: 'Clean up', label: 'What to review (empty: this branch)' },
  'create-plan': { title: 'Write a plan', label: 'What the plan should take into account' },
  dive: { title: 'Research a topic', label: 'Topic' },
  do: { title: 'Do a task', label: 'Task' },
  do2: { title: 'Do a task, best of two', label: 'Task' },
  dop: { title: 'Do a plan phase', label: 'Plan phase (empty: the first that is open)' },
  dop2: { title: 'Do a plan phase, best of two', label: 'Plan phase (empty: the first that is open)' },
  'multi-review': { title: 'Review a branch', label: 'Branch or pull-request URL (empty: this branch)' },
  'samocode-implement': { title: 'Run a session to its end', label: `${SESSION} (empty: the active one)` },
  'session-archive': { title: 'Archive a session', label: `${SESSION}, and documents to keep` },
  'session-continue': { title: 'Continue a session', label: `${SESSION}, or a part of it` },
  'session-start': { title: 'Open a session', label: 'Name or path' },
  'session-sync': { title: 'Update the overview' },
  task: { title: 'Define a task', label: 'Description of the task' },
};
