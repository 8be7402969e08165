import type { Form } from '../../../kit/mcp/form.ts';
import type { ToolContext } from '../../../kit/mcp/tool.ts';
import { namedFiles } from './bring-files.ts';
import type { StartSessionInput } from './start-choices.ts';

/** Codex preselects the first choice, and an accidental Enter must agree to nothing. */
const CHOICES = {
  leave: 'Start without them',
  copy: 'Copy them into its first commit',
} as const;

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
    fields: {
      files: {
        title: 'These files',
        choices: Object.entries(CHOICES).map(([value, title]) => ({ value, title })),
      },
    },
    required: ['files'],
  };
}

export function bringQuestion(files: readonly string[]): string {
  const count = files.length === 1 ? '1 file' : `${files.length} files`;
  return [
    `The chat has changed ${count} without a commit: ${namedFiles(files)}.`,
    'The session can begin with copies of them, as they are when you answer. Your own files stay as they are.',
  ].join('\n');
}
