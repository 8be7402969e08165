import { nextCalls, nextCommands } from '../../src/core/caller/facts/step-texts.ts';
import { type ExampleError, exampleErrors } from './error-tables.ts';
import type { Page } from './page.ts';

export const errorsPage: Page = { path: 'docs/errors.md', render };

/** What this many errors say has happened is the heading of a section. */
const SHARED_BY = 3;

function render(): string {
  const errors = exampleErrors();
  const saying = (what: string) => errors.filter((error) => error.what === what);
  const shared = [...new Set(errors.map(({ what }) => what))]
    .filter((what) => saying(what).length >= SHARED_BY && !/^<\w+>$/.test(what))
    .toSorted((a, b) => saying(b).length - saying(a).length);
  const others = errors.filter(({ what }) => !shared.includes(what));
  return `# Errors

<!-- Written by \`npm run docs\` from the error tables in src/. Change the code, then run it again. -->

An error has a stable \`code\`, and says what happened, why, and what to do next. A tool gives it as an object with
\`code\`, \`message\` and \`hint\`; the CLI prints three lines, or with \`--json\` the same object. Search this page for the code. What several errors
say has happened is the heading above them. \`<name>\` stands for a value. After the arrow comes what to do before you try again; where that is a
command for a terminal, a tool names its own call. What git or gh printed follows the cause. The refusal of a command says what it did not do, such as "No answer was
recorded", in the place of "Nothing was changed".

${shared.map((what) => section(escaped(what).replace(/\.$/, ''), saying(what).map(withoutWhat))).join('\n\n')}

${section('Others', others.map(withWhat))}
`;
}

function section(title: string, lines: readonly string[]): string {
  return `## ${title}\n\n${lines.join('\n')}`;
}

function withWhat(error: ExampleError): string {
  return line(error, escaped(error.what));
}

function withoutWhat(error: ExampleError): string {
  return line(error, '');
}

function line(error: ExampleError, what: string): string {
  const why = escaped(error.why).replace(/ g(?:it|h) said: `<said>`\./, '');
  const hint = escaped(error.hint).replace(/[,;]? (?:and|then) try again\.$/, '.');
  const fix = [hint, nextWords(error)].filter(Boolean).join(' ');
  return [`* \`${error.code}\`:`, what, why, fix && `→ ${fix}`].filter(Boolean).join(' ');
}

function nextWords({ next, args }: ExampleError): string {
  if (!args.hasOwnNext) return 'The next step depends on the state of the session.';
  const steps = next.map(({ when, ifWanted: _, ...step }) => {
    const way = code(nextCommands([step]) || nextCalls([step]));
    return when === undefined ? way : `${when}: ${way}`;
  });
  return steps.map((step) => `${step[0]?.toUpperCase()}${step.slice(1)}.`).join(' ');
}

function code(words: string): string {
  return `\`${words}\``;
}

/** Angle brackets would be read as HTML, and a line end would end the row. */
function escaped(words: string): string {
  return words.replaceAll('\n', ' ').replace(/<[\w-]+>/g, (name) => code(name));
}
