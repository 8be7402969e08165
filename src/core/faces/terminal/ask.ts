import type { Readable, Writable } from 'node:stream';
import { chosenIn, type Filled, type Form, type FormField, OWN_WORDS } from '../../caller/facts/form.ts';
import { LinkedController } from '../../kernel/processes/linked-controller.ts';
import type { Cli, Menus } from './cli.ts';
import { CLI_ERRORS } from './cli-errors.ts';
import { hanging } from './columns.ts';
import { fitLine, harmless } from './style.ts';

/** Asks one question on a terminal and returns the line that was typed. */
export function makeAsk(stdin: Readable, stdout: Writable, interrupted: AbortSignal) {
  return async (question: string): Promise<string> => {
    const { createInterface } = await import('node:readline/promises');
    const lines = createInterface({ input: stdin, output: stdout });
    using ended = new LinkedController(interrupted);
    // In raw mode the terminal gives Ctrl-C to readline, not to the process.
    lines.once('SIGINT', () => process.emit('SIGINT'));
    lines.once('close', () => ended.abort(CLI_ERRORS.input_ended()));
    try {
      return await lines.question(harmless(question), { signal: ended.signal });
    } finally {
      lines.close();
    }
  };
}

/** @param enter the answer that Enter gives: yes only where that loses nothing. @returns undefined if cancelled */
export async function askYesNo(cli: Cli, question: string, enter = false): Promise<boolean | undefined> {
  const menus = await cli.menus?.();
  if (menus) return await menus.confirm(question, enter);
  const typed = (await cli.ask(`${question} [${enter ? 'Y/n' : 'y/N'}] `)).trim();
  return typed === '' ? enter : /^y(?:es)?$/i.test(typed);
}

/** Asks for everything in a form. @returns undefined if the person cancelled */
export async function askForm(cli: Cli, form: Form): Promise<Filled | undefined> {
  let filled: Filled = {};
  for (const [name, field] of Object.entries(form.fields)) {
    const answer = await askField(cli, field);
    if (answer === undefined) return undefined;
    filled = { ...filled, [name]: answer };
  }
  const after = chosenIn(form, filled).find(({ more }) => more !== undefined)?.more;
  const more = after === undefined ? {} : await askForm(cli, after);
  return more && { ...filled, ...more };
}

/** Returns a problem of a text, which is then asked for again. */
type Check = (typed: string) => string | undefined;

const refuseEmpty: Check = (typed) => (typed.trim() === '' ? 'Write something, or press Esc.' : undefined);

/** Asks for one field in a menu, or in lines where there is none. @returns undefined if the person cancelled */
export async function askField(cli: Cli, field: FormField, check = refuseEmpty): Promise<string | undefined> {
  const menus = await cli.menus?.();
  return menus ? await askByMenu(menus, field, check) : await askByLine(cli, field, check);
}

const SEVERAL = 'several';
const WORDS = {
  any: 'something else, in your own words',
  note: 'one of these with a note, as in "B, because …"',
} as const;

async function askByMenu(
  menus: Menus,
  { title, choices = [], words, default: filled }: FormField,
  check: Check,
): Promise<string | undefined> {
  const asked = `${title} (Esc: not now)`;
  const options = choices.map(({ value, title: label }) => ({ value, label: fitLine(label, 400) }));
  const each = options.filter(({ value }) => !value.includes(','));
  const several = words === 'any' && each.length > 1 ? [{ value: SEVERAL, label: 'several of these' }] : [];
  const own = words === undefined ? [] : [...several, { value: OWN_WORDS, label: WORDS[words] }];
  // An accidental Enter takes the last choice, which decides nothing.
  const first = filled ?? (words ? undefined : choices.at(-1)?.value);
  const chosen = options.length === 0 ? OWN_WORDS : await menus.choose(asked, [...options, ...own], first);
  if (chosen === SEVERAL)
    return (await menus.chooseSeveral('Which of these?', each, filled?.split(', ') ?? []))?.sort().join(', ');
  return chosen === OWN_WORDS ? await menus.write(asked, check) : chosen;
}

async function askByLine(
  { output, ask }: Cli,
  { title, choices = [], words, default: filled = '' }: FormField,
  check: Check,
): Promise<string | undefined> {
  const isNumbered = choices.length > 0 && words === undefined;
  for (const [at, { title: label }] of choices.entries()) {
    const first = isNumbered ? `${at + 1}) ` : '     ';
    output.say(hanging(fitLine(label, 400), { first, columns: output.textColumns }));
  }
  const enter = isNumbered ? choices.findIndex(({ value }) => value === filled) + 1 || '' : filled;
  const range = isNumbered ? `1-${choices.length}; ` : '';
  for (;;) {
    const typed = await ask(`${title} ${enter ? `[${enter}]` : `(${range}Enter: not now)`}: `);
    const answer = typed.trim() || enter;
    if (isNumbered) return choices[Number(answer) - 1]?.value;
    const problem = answer === '' ? undefined : check(String(answer));
    if (problem === undefined) return String(answer) || undefined;
    output.say(output.style.attention(problem));
  }
}
