import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { GetPromptRequestSchema, ListPromptsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { nearestName } from '../../base/nearest-name.ts';
import type { ContextFor } from '../calls/context-for.ts';
import { InvalidParamsError } from '../calls/invalid-params.ts';
import { onRequest } from '../calls/on-request.ts';
import { fillPrompt } from './fill-prompt.ts';
import type { PromptSource } from './prompt.ts';
import { PROMPT_WORDS } from './prompt-words.ts';

/** More than a task is ever long. */
const MAX_WORDS = 100_000;

// Gemini CLI drops the words behind a prompt whose argument may be left out, and asks for none where it may not.
const GIVES_WORDS_ONLY_IF_REQUIRED = 'gemini-cli-mcp-client';

/** The commands as prompts, and three of our own. Their texts are loaded when asked for. */
export function servePrompts(server: Server, contextFor: ContextFor): void {
  onRequest(server, ListPromptsRequestSchema, async () => {
    const { PROMPTS } = await import('./prompts.ts');
    const required = server.getClientVersion()?.name === GIVES_WORDS_ONLY_IF_REQUIRED;
    return { prompts: PROMPTS.map((prompt) => listed(prompt, required)) };
  });
  onRequest(server, GetPromptRequestSchema, async ({ params }, extra) => {
    const prompt = await promptNamed(params.name);
    const words = wordsIn(params.arguments);
    const sessions = prompt.body.includes('$SESSIONS') ? await linesFor(await contextFor(extra)) : '';
    const { skillOf } = await import('./prompts.ts');
    const text = fillPrompt(prompt, { words, sessions, skill: skillOf(prompt) });
    return { description: prompt.description, messages: [{ role: 'user', content: { type: 'text', text } }] };
  });
}

/** True when an argument of a prompt is a session that exists. @throws InvalidParamsError for an unknown prompt */
export async function isSessionArgument(prompt: string, argument: string): Promise<boolean> {
  const known = (await promptNamed(prompt)).argument;
  return known?.isSession === true && known.name === argument;
}

async function promptNamed(name: string): Promise<PromptSource> {
  const { PROMPTS } = await import('./prompts.ts');
  const found = PROMPTS.find((prompt) => prompt.name === name);
  if (found) return found;
  const names = PROMPTS.map((prompt) => prompt.name);
  const meant = nearestName(name, names);
  const hint = meant ? `Did you mean ${meant}?` : `The prompts are: ${names.join(', ')}.`;
  throw new InvalidParamsError(`There is no prompt "${name.slice(0, 80)}". ${hint}`);
}

function listed({ name, description, argument }: PromptSource, required: boolean) {
  const { title, label } = PROMPT_WORDS[name] ?? {};
  const args = argument && [{ name: argument.name, description: label ?? argument.hint, required }];
  return { name, title, description, arguments: args };
}

/** One argument is declared; a client that splits the line into several loses nothing. */
function wordsIn(given: Readonly<Record<string, string>> = {}): string {
  const words = Object.values(given).join(' ').trim();
  if (words.length <= MAX_WORDS) return words;
  throw new InvalidParamsError(`The argument is longer than ${MAX_WORDS} characters; put it into a file.`);
}

async function linesFor(context: Awaited<ReturnType<ContextFor>>): Promise<string> {
  const { sessionLines } = await import('./session-lines.ts');
  return await sessionLines(context);
}
