import { orThrow } from '../../../caller/commands/early-refusal.ts';
import type { ActionContext } from '../../../caller/context/context.ts';
import { START_ERRORS } from '../../../caller/errors/start-errors.ts';
import type { Form, FormChoice } from '../../../caller/facts/form.ts';
import { byForm, type FormOutcome } from '../../../faces/mcp/form.ts';
import type { ToolContext } from '../../../faces/mcp/tool.ts';
import { cut } from '../../../kernel/text.ts';
import type { CommandOf } from '../../../session/commands/commands.ts';
import { judgeStart } from '../../../session/commands/judge-running.ts';
import { channelRefusal } from '../../../session/commands/refused.ts';
import type { SessionFile } from '../../../session/events/bodies/session-file.ts';

export interface AskQuick {
  /** Who acts in the form. */
  by: ActionContext['by'];
  ask(form: Form): Promise<FormOutcome>;
}

/** Absent if the client has no forms: then the choice is recorded as that of its model. */
export function askQuickByForm(context: ToolContext): AskQuick | undefined {
  const { ask } = context;
  return ask && { by: byForm(context).by, ask };
}

/**
 * A quick session opens both gates in advance: judged here, and where a form can ask the person, they decide in it.
 * @returns the session as it then starts: with the person's choice on record, or as a full one
 */
export async function withQuickAsked<Made extends { file: SessionFile; start: CommandOf<'start'> }>(
  made: Made,
  asking: AskQuick | undefined,
  { by }: Pick<ActionContext, 'by'>,
): Promise<Made> {
  const { file, start } = made;
  if (file.way !== 'quick') return made;
  const judge = (given: ActionContext['by']) =>
    orThrow('start', judgeStart({ by: given }, {}, file.settings, file));
  // Others wrote the text of an issue: for that, a form does not count as a person.
  const mayAsk = file.issue === undefined && asking && !channelRefusal(asking.by, file.settings);
  const outcome = mayAsk ? await asking.ask(quickForm(file)) : undefined;
  if (outcome === undefined || outcome.kind === 'not_shown') {
    judge(by);
    return made;
  }
  if (outcome.kind === 'unanswered') throw START_ERRORS.quick_unanswered();
  if (outcome.filled.way !== 'quick') return { ...made, file: { ...file, way: undefined } };
  return { ...made, start: { ...start, by: asking?.by ?? by } };
}

const CHOICES = [
  { value: 'full', title: 'Ask me first, and show me a plan', decidesNothing: true },
  { value: 'quick', title: 'Start at once: one agent, no questions, no plan' },
] as const satisfies readonly FormChoice[];

const MAX_LINES = 3;

function quickForm({ task = '', chat }: Pick<SessionFile, 'task' | 'chat'>): Form {
  const lines = (task || (chat === undefined ? '' : 'What this chat has decided.'))
    .split('\n')
    .filter((line) => line.trim() !== '');
  return {
    message: [
      'Start without questions and a plan?',
      ...lines.slice(0, MAX_LINES).map((line) => cut(line, 160)),
      ...(lines.length > MAX_LINES ? ['…'] : []),
    ].join('\n'),
    fields: { way: { title: 'Start', choices: CHOICES } },
  };
}
