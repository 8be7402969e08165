import { askAtGate } from '../asking/ask-at-gate.ts';
import type { Cli, Menus } from '../terminal/cli.ts';
import type { WatchAct } from './keys.ts';
import type { WatchedRow } from './watch-model.ts';

export interface Acting {
  cli: Cli;
  menus: Menus;
  /** Runs one command line of this program. */
  run: (argv: readonly string[]) => Promise<void>;
}

/**
 * Does what a key asks for, by the questions and the commands of the terminal, in lines below each other.
 * @returns what was done, as a sentence; undefined when the person left it
 */
export async function act(what: WatchAct, row: WatchedRow, acting: Acting): Promise<string | undefined> {
  if (what === 'answer') return (await answer(row, acting)) ? DONE.answer?.(row.name) : undefined;
  const words = await WORDS[what](row, acting.menus);
  if (words === undefined) return undefined;
  const { options = [], texts = [] } = words;
  const command = what === 'output' ? 'log' : what;
  // Names of old folders may begin with a dash.
  await acting.run([command, '--project', row.projectDir, ...options, '--', row.facts.session, ...texts]);
  const said = DONE[what]?.(row.name);
  // What was shown in lines is to be read before the screen comes back.
  if (said === undefined) await acting.menus.choose('', [{ value: 'back', label: 'back to the screen' }]);
  return said;
}

/** What only shows something is done with its last line. */
const DONE: Readonly<Partial<Record<WatchAct, (name: string) => string>>> = {
  answer: (name) => `Your decision is recorded: ${name} continues.`,
  message: (name) => `The next agent of ${name} gets your message.`,
  stop: (name) => `${name} was asked to stop.`,
  resume: (name) => `${name} was asked to continue.`,
  report: (name) => `The report of ${name} is made.`,
};

async function answer({ facts, projectDir }: WatchedRow, { cli }: Acting): Promise<boolean> {
  const { getStatus } = await import('../../actions/reading/get-status.ts');
  const question = { session: facts.session, projectDir };
  const { view } = await getStatus(question, await cli.actionContext());
  return await askAtGate(cli, view, question);
}

interface Words {
  options?: string[];
  texts?: string[];
}

/** What a command is given; undefined where the person leaves it. */
const WORDS: Readonly<
  Record<Exclude<WatchAct, 'answer'>, (row: WatchedRow, menus: Menus) => Promise<Words | undefined>>
> = {
  async message({ name }, menus) {
    const text = await menus.write(`Message for the next agent of ${name}; Esc leaves it`, (typed) =>
      typed.trim() === '' ? 'Write what the agent should know.' : undefined,
    );
    return text === undefined ? undefined : { texts: [text] };
  },
  async stop({ name }, menus) {
    const choices = [
      { value: 'after', label: 'after the current agent' },
      { value: 'now', label: 'now: end the current agent; what it has written is kept' },
      { value: 'not', label: 'leave it running' },
    ];
    const chosen = await menus.choose(`When should ${name} stop?`, choices, 'after');
    if (chosen === 'now') return { options: ['--now'] };
    return chosen === 'after' ? {} : undefined;
  },
  async resume({ name, facts }, menus) {
    const isDone = facts.state === 'done';
    const question = isDone ? `New goal of ${name}` : `Note for the next agent of ${name}; Enter for none`;
    const text = await menus.write(`${question}; Esc leaves it`, (typed) =>
      isDone && typed.trim() === '' ? 'Write what is to be done next.' : undefined,
    );
    if (text === undefined) return undefined;
    return text.trim() === '' ? {} : { options: [isDone ? '--goal' : '--note', text] };
  },
  report: async () => ({}),
  output: async ({ facts }) => ({ options: ['--iteration', String(facts.totalIterations)] }),
  log: async () => ({ options: ['--lines', '2000'] }),
  diff: async () => ({ texts: ['.'] }),
};
