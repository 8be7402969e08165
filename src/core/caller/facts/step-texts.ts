import { type Act, type NextStep, TO_FILL } from '../../kernel/acts.ts';
import type { SamocodeError } from '../../kernel/errors.ts';
import { waysOutsideChat } from '../../kernel/phases/channels.ts';
import { LIMIT_NAMES, settingOf } from '../../kernel/phases/limits.ts';
import { shellWord } from '../../kernel/shell-quoted.ts';
import { capitalised } from '../../kernel/text.ts';
import { handleOf } from '../../session/layout/names.ts';

type Args = NonNullable<NextStep['args']>;
type Text = string | ((args: Args) => string);

/** One next step in both columns. A `…` at the end is replaced by the arguments. */
interface StepText {
  /** For a model: a call, or what to say to the user. Absent: that they run the command. */
  call?: Text;
  /** For a person at a terminal, after `samocode`. Absent: nothing is shown there. */
  command?: Text;
}

const STEPS: Readonly<Record<Act, StepText>> = {
  answer_questions: {
    call: ({ ids }) =>
      ids === undefined ? 'read_qa; ask the user the questions; answer_qa' : `ask the user ${ids}; answer_qa`,
    command: 'answer <session>',
  },
  archive: { call: 'finish_session (how: keep_branch)', command: 'archive <session>' },
  begin_round: { call: 'resume_session (from: pull_request)', command: 'round <session>' },
  unarchive: { call: 'finish_session (how: unarchive)', command: 'unarchive <session>' },
  decide_plan: {
    call: ({ hash }) =>
      hash === undefined
        ? 'read_plan; show it to the user; approve_plan or request_changes as they say'
        : `show it to the user; approve_plan${inCall({ hash })} or request_changes as they say`,
    command: 'plan <session>',
  },
  doctor: { command: 'doctor' },
  finish: {
    call: 'finish_session…',
    command: ({ how = TO_FILL, watch }) =>
      `finish <session>${asOptions({ [String(how)]: how !== TO_FILL, no_watch: watch === false })}`,
  },
  follow: { call: 'wait…', command: 'log <session> --follow' },
  import_with_log: {
    call: 'ask the user to run "samocode import --with-its-log"',
    command: 'import <session> --with-its-log',
  },
  list: { call: 'list_sessions…', command: 'list' },
  read_status: { call: 'get_status…', command: 'status <session>' },
  make_report: { command: 'report <session>' },
  message: { call: 'send_message…', command: 'message <session> "…"' },
  name_project: {
    call: ({ project_dir }) =>
      project_dir === undefined
        ? 'pass project_dir, the folder of the intended project'
        : `the same call with project_dir: ${shown(project_dir)}`,
    command: '… --project <folder>',
  },
  read_answers: { call: 'read_qa (all: true)', command: 'answer <session> --show' },
  read_changes: { call: 'read_session (what: changes)', command: 'diff <session>' },
  read_document: {
    call: (args) => `read_session${inCall({ what: 'document', ...args })}`,
    command: ({ document = TO_FILL }) => `show <session>${document === TO_FILL ? '' : ` ${document}`}`,
  },
  read_risky_lines: { call: 'setup_project', command: 'trust' },
  raise_limits: {
    call: (args) => `resume_session (limits: {${valuesIn(args).join(', ')}})`,
    command: (args) => `resume <session>${asOptions(limitSettings(args))}`,
  },
  read_plan: { call: 'read_plan…', command: 'plan <session>' },
  request_changes: { call: 'request_changes…', command: 'changes <session> "…"' },
  resume: { call: 'resume_session…', command: 'resume <session>…' },
  rewind: { call: 'rewind_session…', command: 'rewind <session>…' },
  set_up: {
    call: 'setup_project…',
    command: ({ project_dir, init_repository }) =>
      `init${project_dir === undefined ? '' : ` ${shellWord(String(project_dir))}`}${asOptions({ git_init: init_repository })}`,
  },
  start: { call: 'start_session…', command: 'start --task "…"' },
  stop: { call: 'stop_session…', command: 'stop <session>' },
  take_over: { call: 'ask the user to run "samocode takeover"', command: 'takeover <session>' },
  trust: {
    call: ({ hash }) =>
      hash === undefined
        ? 'ask the user to run "samocode trust" in a terminal'
        : `show these lines to the user; when they agree: setup_project${inCall({ trust: hash })}`,
    command: 'trust',
  },
  verify: { command: 'verify <session>' },
  change_file: {
    call: 'ask the user to change the file named in says; the session then continues',
    command: 'resume <session>',
  },
  clear_the_way: { call: 'tell the user what in_the_way says', command: 'status <session>' },
  do_what_it_asks: {
    call: 'tell the user what says.reason asks for; when it is done: resume_session',
    command: 'resume <session> --note "…"',
  },
  fix_problems: {
    call: 'tell the user what problems says; nothing continues until that is fixed',
    command: 'status <session>',
  },
  settle_blocker: {
    call: 'tell the user says.reason; once it is settled: resume_session (note: what was decided)',
    command: 'resume <session> --note "…"',
  },
  // The terminal has already printed the summary.
  read_summary: { call: 'tell the user says.summary and where the branch is' },
  report: {
    // `only`: the user may not be there, and has not asked for more.
    call: ({ only }) =>
      only ? 'tell the user; start, resume and finish nothing until they say so' : 'tell the user',
    command: 'status <session>',
  },
};

/** Formats next steps for a model: tool calls, and messages for the user. */
export function nextCalls(steps: readonly NextStep[]): string {
  return steps.map((step, at) => joined(step, steps[at - 1])).join('');
}

/** Formats one step; a condition shared with the step before it is not repeated. */
function joined(step: NextStep, before: NextStep | undefined): string {
  const { call, command } = STEPS[step.act];
  const text = isOpenTo(step, ['tool', 'elicitation'])
    ? filled(call ?? `ask the user to run "samocode ${command}"`, inCall, step.args)
    : `tell the user what it waits for; they decide it ${waysOutsideChat(step.by ?? [])}`;
  const condition = conditionOf(step);
  if (before && condition !== '' && condition === conditionOf(before)) return `, or ${text}`;
  return `${before ? '; ' : ''}${condition && `${condition}: `}${text}`;
}

function isOpenTo({ by }: NextStep, channels: readonly string[]): boolean {
  return by === undefined || by.some((each) => channels.includes(each));
}

function conditionOf({ when, ifWanted }: NextStep): string {
  return [when, ifWanted && 'if the user wants it'].filter(Boolean).join(', ');
}

export function nextCommands(steps: readonly NextStep[]): string {
  return commandsOf(steps).join(', or ');
}

export function commandsOf(steps: readonly NextStep[]): string[] {
  return steps.flatMap((step) => {
    const { act, session, args, when } = step;
    const { command } = STEPS[act];
    if (command === undefined || !isOpenTo(step, ['cli'])) return [];
    const handle = session === undefined ? '<session>' : handleOf(session);
    const line = `samocode ${filled(command, asOptions, args).replace('<session>', () => handle)}`;
    return [when ? `${when}: ${line}` : line];
  });
}

/** The advice about an error: its hint, and the calls that help. */
export function hintForModel({
  hint,
  modelHint = hint,
  next,
}: Pick<SamocodeError, 'hint' | 'next'> & { modelHint?: string }): string {
  return withSteps(modelHint, nextCalls(next), next[0] && conditionOf(next[0]), '.');
}

/** The advice about an error: its hint, and the commands that help. */
export function hintForTerminal({ hint, next }: Pick<SamocodeError, 'hint' | 'next'>): string {
  return withSteps(hint, nextCommands(next), next[0]?.when);
}

function withSteps(hint: string, steps: string, condition: string | undefined, end = ''): string {
  if (steps === '') return hint;
  return `${hint} ${condition ? capitalised(steps) : `Next: ${steps}`}${end}`.trim();
}

function filled(text: Text, asText: (args: Args) => string, args: Args = {}): string {
  return typeof text === 'function' ? text(args) : text.replace(/…$/, () => asText(args));
}

function inCall(args: Args): string {
  const given = valuesIn(args);
  return given.length === 0 ? '' : ` (${given.join(', ')})`;
}

function valuesIn(args: Args): string[] {
  return Object.entries(args).flatMap(([key, value]) =>
    value === undefined ? [] : [value === TO_FILL ? key : `${key}: ${shown(value)}`],
  );
}

/** Quotes text that would not read as a single value. */
function shown(value: string | number | boolean): string {
  return typeof value === 'string' && !/^[\w.-]+$/.test(value) ? JSON.stringify(value) : String(value);
}

/** `usd: 5` as `max_cost_usd: 5`. */
function limitSettings(args: Args): Args {
  const named = LIMIT_NAMES.map((name) => [
    settingOf({ limitName: name, scope: 'session' }).toLowerCase(),
    args[name],
  ]);
  return Object.fromEntries(named);
}

/** Input of a tool as options: `max_cost_usd: 5` as `--max-cost-usd 5`. */
function asOptions(args: Args): string {
  return Object.entries(args)
    .filter(([key]) => key !== 'session')
    .map(([key, value]) => {
      const option = ` --${key.replaceAll('_', '-')}`;
      if (typeof value === 'boolean' || value === undefined) return value ? option : '';
      return `${option} ${value === TO_FILL ? '"…"' : shellWord(String(value))}`;
    })
    .join('');
}
