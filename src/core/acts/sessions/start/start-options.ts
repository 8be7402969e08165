import { type Command, InvalidArgumentError } from 'commander';
import { START_ERRORS } from '../../../caller/errors/start-errors.ts';
import { CLI_ERRORS } from '../../../faces/terminal/cli-errors.ts';
import { projectOf, type SharedOptions, wholeSeconds } from '../../../faces/terminal/shared-options.ts';
import { PHASE_NAMES } from '../../../kernel/phases/table.ts';
import { START_CHOICE_ROWS, type StartChoice, type StartSessionInput, startInput } from './start-choices.ts';

type ByPhase = Readonly<Record<string, string>>;

/** The options for a new session: those of `start`, `run` and the original command line. */
export type StartOptions = SharedOptions & Partial<Record<StartChoice, unknown>> & { pool?: true };

/** What most people use, in this order; the help lists the others below. */
const USUAL: readonly StartChoice[] = [
  ...(['task', 'quick', 'plan', 'chat', 'issue', 'name', 'base', 'provider'] as const),
  ...(['maxCostUsd', 'maxTokens', 'maxHours', 'maxIterations'] as const),
];

/** @param wanted which choices it takes; by default, all */
export function withStartOptions(
  command: Command,
  wanted: (choice: StartChoice) => boolean = () => true,
): Command {
  const usual = USUAL.flatMap((name) => START_CHOICE_ROWS.filter(([each]) => each === name));
  for (const row of [...usual, ...START_CHOICE_ROWS.filter((each) => !usual.includes(each))]) {
    const [name, { kind, option, about }] = row;
    if (option === undefined || !wanted(name)) continue;
    command.optionsGroup(usual.includes(row) ? 'Options:' : 'More options:');
    if (kind === 'seconds') command.option(option, about, wholeSeconds);
    else if (kind === 'by_phase') command.option(option, about, byPhase);
    else command.option(option, about);
  }
  return command;
}

/**
 * Returns the start options that the user typed, each with its value; `…` stands for one that the shell would need
 * quoted. `isForResume`: it is also an option of `samocode resume`.
 */
export function givenStartOptions(options: StartOptions) {
  return START_CHOICE_ROWS.flatMap(([name, { option = '', isForResume = false }]) => {
    const value = name === 'where' ? options.pool : options[name];
    if (value === undefined) return [];
    const flag = /--[a-z-]+/.exec(option)?.[0] ?? name;
    const text = String(value);
    const typed = value === true ? flag : `${flag} ${/^[\w.,:/-]+$/.test(text) ? text : '…'}`;
    return [{ flag, typed, isForResume }];
  });
}

/** Adds one `quality=codex`, or several separated by commas. */
function byPhase(text: string, before: ByPhase = {}): ByPhase {
  const pairs = text.split(',').map((pair) => /^([a-z]+)=(\S+)$/.exec(pair.trim()));
  const named = pairs.map((pair) => PHASE_NAMES.find((phase) => phase === pair?.[1]));
  if (named.includes(undefined))
    throw new InvalidArgumentError(
      `It must be PHASE=NAME, such as quality=codex; the phases are ${PHASE_NAMES.join(', ')}.`,
    );
  return { ...before, ...Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? '', pair?.[2] ?? ''])) };
}

/** @throws usage if there is no task, topic, plan, issue or folder */
export function startInputOf(options: StartOptions): StartSessionInput {
  try {
    const input = startInput({ ...options, where: options.pool && 'pool' });
    return { ...input, project: projectOf(options).projectDir };
  } catch (error) {
    if (!START_ERRORS.nothing_to_do.is(error)) throw error;
    throw noWorkError();
  }
}

export function noWorkError() {
  return CLI_ERRORS.usage({
    why: 'A session needs a task, or a topic to research.',
    hint: 'Add for example --task "Add JWT auth", or --dive "How does billing work?".',
  });
}
