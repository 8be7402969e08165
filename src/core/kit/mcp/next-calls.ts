import { type Act, type NextStep, TO_FILL } from '../../kernel/acts.ts';
import { capitalised } from '../../kernel/text.ts';

type Args = NonNullable<NextStep['args']>;

/** Formats next steps for a model: tool calls, and messages for the user. */
export function nextCalls(steps: readonly NextStep[]): string {
  return steps.map((step, at) => joined(step, steps[at - 1])).join('');
}

/** The advice about an error: its hint, and the calls that help. */
export function hintForModel({ hint, next }: { hint: string; next: readonly NextStep[] }): string {
  const [first] = next;
  if (first === undefined) return hint;
  const calls = nextCalls(next);
  const sentence = conditionOf(first) ? capitalised(calls) : `Next: ${calls}`;
  return `${hint} ${sentence}.`.trim();
}

/** Formats one step; a condition shared with the step before it is not repeated. */
function joined(step: NextStep, before: NextStep | undefined): string {
  const condition = conditionOf(step);
  if (before && condition !== undefined && condition === conditionOf(before)) return `, or ${callOf(step)}`;
  return `${before ? '; ' : ''}${condition === undefined ? '' : `${condition}: `}${callOf(step)}`;
}

function conditionOf({ when, ifWanted }: NextStep): string | undefined {
  const conditions = [when, ifWanted && 'if the user wants it'].filter(Boolean);
  return conditions.length > 0 ? conditions.join(', ') : undefined;
}

function callOf({ act, args = {} }: NextStep): string {
  return CALLS[act](args);
}

const CALLS: Readonly<Record<Act, (args: Args) => string>> = {
  answer_questions: ({ ids }) =>
    ids === undefined ? 'read_qa; ask the user the questions; answer_qa' : `ask the user ${ids}; answer_qa`,
  archive: (args) => tool('finish_session', { ...args, how: 'keep_branch' }),
  begin_round: () => 'resume_session (from: pull_request)',
  unarchive: () => 'finish_session (how: unarchive)',
  decide_plan: ({ hash }) =>
    hash === undefined
      ? 'read_plan; show it to the user; approve_plan or request_changes as they say'
      : `show it to the user; ${tool('approve_plan', { hash })} or request_changes as they say`,
  doctor: () => 'ask the user to run "samocode doctor"',
  finish: (args) => tool('finish_session', args),
  follow: (args) => tool('wait', args),
  list: (args) => tool('list_sessions', args),
  read_status: (args) => tool('get_status', args),
  make_report: () => 'ask the user to run "samocode report <session>"',
  message: (args) => tool('send_message', args),
  name_project: ({ project_dir }) =>
    project_dir === undefined
      ? 'pass project_dir, the folder of the intended project'
      : `the same call with project_dir: ${shown(project_dir)}`,
  read_answers: () => 'read_qa (all: true)',
  read_changes: (args) => tool('read_session', { what: 'changes', ...args }),
  read_document: (args) => tool('read_session', { what: 'document', ...args }),
  read_risky_lines: () => 'setup_project',
  raise_limits: (args) =>
    `resume_session (limits: {${Object.entries(args)
      .map(([name, limit]) => `${name}: ${limit}`)
      .join(', ')}})`,
  read_plan: (args) => tool('read_plan', args),
  request_changes: (args) => tool('request_changes', args),
  resume: (args) => tool('resume_session', args),
  rewind: (args) => tool('rewind_session', args),
  set_up: (args) => tool('setup_project', args),
  start: (args) => tool('start_session', args),
  stop: (args) => tool('stop_session', args),
  take_over: () => 'ask the user to run "samocode takeover"',
  trust: ({ hash }) => {
    if (hash === undefined) return TRUST_IN_TERMINAL;
    return `show these lines to the user; when they agree: ${tool('setup_project', { trust: hash })}`;
  },
  verify: () => 'ask the user to run "samocode verify <session>"',
  change_file: () => 'ask the user to change the file named in says; the session then continues',
  clear_the_way: () => 'tell the user what in_the_way says',
  do_what_it_asks: () => 'tell the user what says.reason asks for; when it is done: resume_session',
  fix_problems: () => 'tell the user what problems says; nothing continues until that is fixed',
  settle_blocker: () =>
    'tell the user says.reason; once it is settled: resume_session (note: what was decided)',
  read_summary: () => 'tell the user says.summary and where the branch is',
  report: () => 'tell the user',
};

const TRUST_IN_TERMINAL = 'ask the user to run "samocode trust" in a terminal';

function tool(name: string, args: Args): string {
  const given = Object.entries(args).flatMap(([key, value]) =>
    value === undefined ? [] : [value === TO_FILL ? key : `${key}: ${shown(value)}`],
  );
  return given.length === 0 ? name : `${name} (${given.join(', ')})`;
}

/** Quotes text that would not read as a single value. */
function shown(value: string | number | boolean): string {
  return typeof value === 'string' && !/^[\w.-]+$/.test(value) ? JSON.stringify(value) : String(value);
}
