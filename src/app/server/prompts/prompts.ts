import { compiledSource } from '../../../core/faces/package/compiled-source.ts';
import { type MarkdownSource, SESSION_COMMANDS } from '../../../core/faces/package/package-source.ts';

/** A prompt as read from its Markdown file. */
export interface PromptSource {
  name: string;
  description: string;
  /** Receives the rest of the line, if the client passes it on. */
  argument?: PromptArgument;
  body: string;
}

export interface PromptArgument {
  name: string;
  hint: string;
  isSession: boolean;
  isOneWord: boolean;
}

/** Prompts whose argument is an existing session, which can be completed. */
const ABOUT_A_SESSION: ReadonlySet<string> = new Set([
  'review-plan',
  'samocode-implement',
  'session-archive',
  'session-continue',
]);

// Only the texts are used, so the command that starts the server is empty.
const { commands, skills } = compiledSource({ command: '', args: [] }, { allSkills: true });

/** The prompts about whole sessions, named like tools, then the other commands. */
export const PROMPTS: readonly PromptSource[] = commands.map((command) => {
  const isOfSessions = SESSION_COMMANDS.some((name) => name === command.name);
  return promptFrom(command, isOfSessions ? command.name.replace('-', '_') : command.name);
});

/** `none`: the client's plugin offers them as commands. */
export type PromptChoice = 'none' | 'sessions' | 'all';

export function promptsOffered(choice: PromptChoice): readonly PromptSource[] {
  return choice === 'all' ? PROMPTS : PROMPTS.slice(0, choice === 'none' ? 0 : SESSION_COMMANDS.length);
}

/** The skill that a command names, since the client may not have it installed. */
export function skillOf({ body }: PromptSource): { name: string; text: string } | undefined {
  const name = /^Use the skill `([^`]+)`/.exec(body)?.[1];
  const skill = skills.find((one) => one.name === name);
  return skill && { name: skill.name, text: skill.body.trim() };
}

/** @param name the name that clients show, by default the file's name */
export function promptFrom({ name: file, meta, body }: MarkdownSource, name = file): PromptSource {
  const hint = meta.get('argument-hint');
  return {
    name,
    description: meta.get('description') ?? '',
    ...(hint && { argument: argumentFrom(hint, ABOUT_A_SESSION.has(file)) }),
    body: body.trim(),
  };
}

function argumentFrom(hint: string, isSession: boolean): PromptArgument {
  const isOneWord = isSession && /^\[[^\]]*\]$/.test(hint);
  return { name: argumentName(hint), hint, isSession, isOneWord };
}

/** `branch` for `[branch or pull-request URL]`: the first alternative, as an identifier. */
function argumentName(hint: string): string {
  const first = /^\[(.+?)(?: or [^\]]*)?\]/.exec(hint)?.[1] ?? hint;
  return first.toLowerCase().replace(/[^a-z]+/g, '_');
}
