import type { Form, FormChoice } from '../../../caller/facts/form.ts';
import type { ToolContext } from '../../../faces/mcp/tool.ts';
import { counted } from '../../../kernel/text.ts';
import { namedFiles } from './copy-uncommitted.ts';
import type { StartSessionInput } from './start-choices.ts';

const CHOICES = [
  { value: 'leave', title: 'Start without a copy', decidesNothing: true },
  { value: 'copy', title: 'Copy into its first commit' },
] as const satisfies readonly FormChoice[];

/** Asks in a form; absent if the client has none. */
export function bringByForm({ ask }: ToolContext): StartSessionInput['bring'] {
  if (ask === undefined) return undefined;
  return async (files) => {
    const outcome = await ask(bringForm(files));
    return outcome.kind === 'filled' && outcome.filled.files === 'copy';
  };
}

function bringForm(files: readonly string[]): Form {
  return {
    message: bringQuestion(files),
    fields: { files: { title: 'These files', choices: CHOICES } },
  };
}

export function bringQuestion(files: readonly string[]): string {
  const offer =
    files.length === 1
      ? 'a copy of it, as it is when you answer. Your own file stays as it is.'
      : 'copies of them, as they are when you answer. Your own files stay as they are.';
  return [
    `The chat has changed ${counted(files.length, 'file')} without a commit: ${namedFiles(files)}.`,
    `The session can begin with ${offer}`,
  ].join('\n');
}
