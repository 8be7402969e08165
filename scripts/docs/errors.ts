import { nextCalls, nextCommands } from '../../src/core/caller/facts/step-texts.ts';
import { COMMAND_ROWS } from '../../src/core/session/commands/command-rows.ts';
import { type ExampleError, exampleErrors } from './error-tables.ts';
import { type Page, table } from './page.ts';

export const errorsPage: Page = { path: 'docs/errors.md', render };

function render(): string {
  return `# Errors

<!-- Written by \`npm run docs\` from the error tables in src/. Change the code, then run it again. -->

An error has a stable \`code\`, says what happened and why, and what to do next. A tool gives it as an object with
\`code\`, \`message\` and \`hint\`; the CLI prints three lines, or with \`--json\` the same object. \`<name>\` stands for a
value; the column "fix" ends with the tool calls and the commands that help. Where the table says "Nothing was changed.", the refusal of a command says what that
command did not do: ${notDone()}.

${table(['code', 'meaning', 'cause', 'fix'], exampleErrors().map(row))}
`;
}

function notDone(): string {
  return [...new Set(Object.values(COMMAND_ROWS).map((row) => row.notDone))]
    .map((words) => `"${words.slice(0, -1)}"`)
    .join(', ');
}

function row(error: ExampleError): string[] {
  const { code, what, why, hint } = error;
  return [
    `\`${code}\``,
    escaped(what),
    escaped(why),
    [escaped(hint), nextWords(error)].filter(Boolean).join(' '),
  ];
}

function nextWords({ next, args }: ExampleError): string {
  if (!args.hasOwnNext) return 'The next step depends on the state of the session.';
  if (next.length === 0) return '';
  return `Tool: ${code(nextCalls(next))}. CLI: ${code(nextCommands(next))}.`;
}

function code(words: string): string {
  return `\`${words}\``;
}

/** Angle brackets would be read as HTML, and a line end would end the row. */
function escaped(words: string): string {
  return words.replaceAll('\n', ' ').replace(/<[\w-]+>/g, (name) => code(name));
}
