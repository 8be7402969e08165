import {
  CHANGES_FORM,
  carryOut,
  planDecision,
  planQuestion,
  refusedApproval,
} from '../../core/acts/gates/plan-question.ts';
import { askedQuestions } from '../../core/acts/gates/questions-form.ts';
import { readPlan } from '../../core/acts/gates/read-plan.act.ts';
import { gateRuleOf, readOnlyReason } from '../../core/caller/commands/early-refusal.ts';
import type { SessionQuestion } from '../../core/caller/context/find-session.ts';
import { type Filled, type Form, WRITES } from '../../core/caller/facts/form.ts';
import { sessionPageAddress } from '../../core/caller/facts/live-page.ts';
import { choosesByArrows, declaresForms } from '../../core/faces/mcp/ask-by-form.ts';
import type { TaskContext } from '../../core/faces/mcp/chat-tasks.ts';
import { byForm } from '../../core/faces/mcp/form.ts';
import { formParams, shownForm } from '../../core/faces/mcp/shown-form.ts';
import { fingerprint } from '../../core/kernel/files/fingerprint.ts';
import { waysOutsideChat } from '../../core/kernel/phases/channels.ts';
import { canSend } from '../../core/session/commands/command-rows.ts';
import { gateOf } from '../../core/session/folder/read-session.ts';
import type { SessionView } from '../../core/session/folder/session-view.ts';
import { handleOf, nameWithoutDate } from '../../core/session/layout/names.ts';

/** What a person chose in a form that asks for more, which opens next. */
export type Further = { kind: 'changes'; hash: string } | { kind: 'words'; id: string };

/** What a form led to. `left`: the person decides elsewhere, as the sentence says, so the chat has to be woken. */
export type Led = { kind: 'done' } | { kind: 'further'; further: Further } | { kind: 'left'; says: string };

/** A form, or the address of a page, that the client shows by itself. */
export interface GateForm {
  /** Of its kind and of all that it shows: what was answered under it can only have been this. */
  key: string;
  params: object;
  /** Absent for an address: the page records the decision. */
  form?: Form;
  decide?(filled: Filled): Promise<Led>;
}

/** `elsewhere`: no form may open this gate, and where a person does. `unasked`: the chat has to ask. */
export type GateNow =
  | { kind: 'form'; form: GateForm }
  | { kind: 'elsewhere'; says: string }
  | { kind: 'unasked' };

/** How the gate at which a session waits is shown to the person at the client; undefined if it waits at none. */
export async function atGate(
  view: SessionView,
  { projectDir, further }: { projectDir: string; further: Further | undefined },
  context: TaskContext,
): Promise<GateNow | undefined> {
  const gate = gateOf(view);
  if (gate === undefined || readOnlyReason(view)) return undefined;
  const actions = byForm(context);
  const rule = gateRuleOf(view);
  if (canSend(gate.for === 'qa_answers' ? 'answer' : 'approve', view.state, { by: actions.by, rule })) {
    const command = `samocode ${gate.for === 'qa_answers' ? 'answer' : 'plan'} ${handleOf(view.folder)}`;
    const where = rule.gateChannels.includes('cli') ? command : waysOutsideChat(rule.gateChannels);
    return {
      kind: 'elsewhere',
      says: `waits for ${gate.for === 'qa_answers' ? 'answers' : 'approval'}: ${where}`,
    };
  }
  // The forms of a call end with digits there.
  if (!declaresForms(context.client) || !choosesByArrows(context.client)) return { kind: 'unasked' };
  const at: Gate = { view, question: { session: view.folder, projectDir }, actions, context };
  const form = gate.for === 'qa_answers' ? await questionsOf(at, further) : await planOf(at, further);
  return form ? { kind: 'form', form } : { kind: 'unasked' };
}

interface Gate {
  view: SessionView;
  question: SessionQuestion;
  /** As one who answers in a form. */
  actions: TaskContext['actions'];
  context: TaskContext;
}

async function questionsOf(at: Gate, further: Further | undefined): Promise<GateForm | undefined> {
  const { view, question, actions } = at;
  const asked = await askedQuestions(question, undefined, actions);
  if (asked === undefined) return undefined;
  const { weakened } = asked;
  if (weakened && weakened in asked.form.fields) {
    const onPage = await pageForm(at, 'Checks were weakened; decide whether you accept that.', weakened);
    if (onPage) return onPage;
  }
  const opened = { ...asked.form, message: paragraph(asked.form.message) };
  const [id = ''] = Object.keys(opened.fields);
  const form =
    further?.kind === 'words' && further.id === id
      ? { message: opened.message, fields: { [id]: { title: 'Your answer' } } }
      : opened;
  return formOf('qa', view, form, async (filled) => {
    if (filled[id] === WRITES) return { kind: 'further', further: { kind: 'words', id } };
    const decided = asked.decide(filled);
    if (decided === undefined || decided.inChat.length > 0) return { kind: 'left', says: IN_CHAT_SAYS };
    const { answerQa } = await import('../../core/acts/gates/answer-qa.act.ts');
    await answerQa({ ...question, answers: decided.answers, hash: decided.hash }, actions);
    return { kind: 'done' };
  });
}

const IN_CHAT_SAYS = 'The user wants to see the questions and answer in the chat.';

async function planOf(at: Gate, further: Further | undefined): Promise<GateForm | undefined> {
  const { view, question, actions } = at;
  const plan = await readPlan({ ...question, isAct: true }, actions);
  if (plan.state !== 'waits_for_approval') return undefined;
  const decide = async (filled: Filled): Promise<Led> => {
    const decision = planDecision(plan.hash, filled);
    if (decision.kind === 'changes' && decision.feedback === '')
      return { kind: 'further', further: { kind: 'changes', hash: plan.hash } };
    if (decision.kind === 'approve' || decision.kind === 'changes') {
      await carryOut(decision, question, actions);
      return { kind: 'done' };
    }
    return { kind: 'left', says: decision.kind === 'read' ? READS : LATER };
  };
  if (further?.kind === 'changes' && further.hash === plan.hash) {
    const form = { ...CHANGES_FORM, message: `${nameWithoutDate(view.folder)}: ${CHANGES_FORM.message}` };
    return formOf('changes', view, form, async (filled) => await decide({ ...filled, decision: 'changes' }));
  }
  const onPage = await pageForm(at, `Its plan waits for you (${plan.name}).`, plan.hash);
  if (onPage) return onPage;
  const refused = refusedApproval(plan, plan.hash, actions);
  const how = refused ? 'No form approves it: run' : 'To approve it, let the chat show it, or run:';
  const where = `${how} samocode plan ${handleOf(view.folder)}`;
  const head = `${nameWithoutDate(view.folder)}: its plan waits for you. ${where}`;
  const { message, fields } = planQuestion(plan).form;
  // The first line of the question is the head's.
  const lines = message.split('\n').slice(1);
  // Claude Code shows four rows of a message and nothing shows the rest: no plan fits, so this form does not approve.
  const decision = {
    title: 'Decision',
    choices: fields.decision?.choices?.filter(({ value }) => value !== 'approve') ?? [],
  };
  return formOf(
    'plan',
    view,
    { message: paragraph([head, ...lines].join('\n')), fields: { decision } },
    decide,
  );
}

const READS = 'The user wants to see the plan in the chat: read_plan, and show it.';
const LATER = 'The user will decide about the plan later.';

/** The message in one line: of several, Claude Code shows one row each, and of a long one four. */
function paragraph(message: string): string {
  return message
    .split('\n')
    .filter((line) => line.trim() !== '')
    .join(' · ');
}

const PAGE = 'page';

/** Whether the key is that of an address, which records nothing itself. */
export function isPage(key: string): boolean {
  return key.startsWith(`${PAGE}-`);
}

/**
 * The page of the session, where one runs and the client opens addresses.
 * @param about changes with what has to be decided there
 */
async function pageForm({ view, context }: Gate, what: string, about: string): Promise<GateForm | undefined> {
  if (context.client.capabilities.elicitation?.url === undefined) return undefined;
  const url = await sessionPageAddress(view, context.actions.home);
  if (url === undefined) return undefined;
  const message = `${nameWithoutDate(view.folder)}: ${what} Decide on its page.`;
  return { key: keyOf(PAGE, view, { url, message, about }), params: { mode: 'url', message, url } };
}

function formOf(kind: string, view: SessionView, asked: Form, decide: GateForm['decide']): GateForm {
  const form = shownForm(asked);
  const params = { mode: 'form', ...formParams(form) };
  return { key: keyOf(kind, view, params), params, form, decide };
}

function keyOf(kind: string, { folder }: SessionView, shown: object): string {
  return `${kind}-${fingerprint(folder, JSON.stringify(shown)).slice(0, 16)}`;
}
