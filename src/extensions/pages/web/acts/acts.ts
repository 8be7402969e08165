import * as z from 'zod';
import { FINISH_CHOICE_NAMES } from '../../../../core/acts/finish/finish-choices.ts';
import { finishSession, previewFinish } from '../../../../core/acts/finish/finish-session.act.ts';
import { answerQa } from '../../../../core/acts/gates/answer-qa.act.ts';
import { carryOut, planDecision } from '../../../../core/acts/gates/plan-question.ts';
import { readPlan } from '../../../../core/acts/gates/read-plan.act.ts';
import { DIFFERENCES } from '../../../../core/acts/proof/repetition.ts';
import { openProof, type Verification, verifyProof } from '../../../../core/acts/proof/verify-proof.act.ts';
import type { ShownSession } from '../../../../core/acts/reading/watch-sessions.act.ts';
import { resumeSession } from '../../../../core/acts/sessions/resume-session.act.ts';
import { sendMessage, withdrawMessage } from '../../../../core/acts/sessions/send-message.act.ts';
import { setServices } from '../../../../core/acts/sessions/services.act.ts';
import { stopSession } from '../../../../core/acts/sessions/stop-session.act.ts';
import type { ActionContext } from '../../../../core/caller/context/context.ts';
import { pageKey } from '../../../../core/caller/facts/live-page.ts';
import { LIMIT_NAMES } from '../../../../core/kernel/phases/limits.ts';
import { counted } from '../../../../core/kernel/text.ts';
import { type Html, html } from '../../html/html.ts';
import { taskTexts } from '../../html/markdown.ts';
import { canAct, refusalOf, type SessionAct } from '../../rows/available-acts.ts';
import { actingOn, sessionQuestion, stateIdOf } from '../web-context.ts';
import { WEB_ERRORS } from '../web-errors.ts';
import { previewPart } from './acts-part.ts';
import { stepNames } from './gate-part.ts';
import { sendPictureComments } from './picture-comments.ts';
import { sendComments } from './send-comments.ts';

/** The fields of a form; a field that was sent several times has several values. */
export const Fields = z.record(z.string(), z.union([z.string(), z.array(z.string())]));
type Fields = z.infer<typeof Fields>;

/** Carries out an act of the person. @returns what was done, as a sentence or as markup */
type WebAct = (
  session: ShownSession,
  fields: Fields,
  context: ActionContext,
  signal: AbortSignal,
) => Promise<Html | string>;

/** The time that a finish waits for the worker, which continues even after that. */
const WAIT_MS = 60 * 60_000;

const ACTS: Readonly<Record<string, WebAct>> = {
  async answer(session, fields, context) {
    const ids = new Set(Object.keys(fields).map((name) => name.replace(/\.text$/, '')));
    const answers = [...ids].flatMap((id) => {
      // A chosen option with words: the agent gets both.
      const text = [listOf(fields, id).join(', '), textOf(fields, `${id}.text`)].filter(Boolean).join(': ');
      return /^R?\d*Q\d+$/i.test(id) && text ? [{ id, text }] : [];
    });
    const { done } = await answerQa(
      {
        ...sessionQuestion(session),
        answers,
        acceptSuggestions: fields.accept === 'suggestions',
        confirmTyped: fields.confirm === 'typed',
        hash: textOf(fields, 'hash'),
      },
      context,
    );
    return done;
  },
  async plan(session, fields, context) {
    const question = sessionQuestion(session);
    const hash = textOf(fields, 'hash');
    const plan = await readPlan(question, context);
    if (plan.hash !== hash) throw WEB_ERRORS.plan_changed();
    const steps = taskTexts(plan.text);
    const names = stepNames(steps);
    const comments = steps.flatMap((step, at) => {
      const text = textOf(fields, names[at] ?? '');
      return text ? [`${step.replace(/^/gm, '> ')}\n\n${text}`] : [];
    });
    const feedback = [...comments, textOf(fields, 'feedback')].filter(Boolean).join('\n\n');
    const decision = planDecision(hash, { decision: textOf(fields, 'decide'), changes: feedback });
    if (decision.kind !== 'approve' && decision.kind !== 'changes')
      throw WEB_ERRORS.no_such_act({ act: textOf(fields, 'decide') });
    if (decision.kind === 'approve' && feedback) throw WEB_ERRORS.comments_not_sent();
    return (await carryOut(decision, question, context)).done;
  },
  async message(session, fields, context) {
    return (await sendMessage({ ...sessionQuestion(session), text: textOf(fields, 'text') }, context)).done;
  },
  async withdraw(session, fields, context) {
    const message = textOf(fields, 'message');
    return (await withdrawMessage({ ...sessionQuestion(session), message }, context)).done;
  },
  async review(session, fields, context) {
    return await sendComments(session, textOf(fields, 'comments'), context);
  },
  async pictures(session, fields, context) {
    const written = { commit: textOf(fields, 'hash'), textOf: (name: string) => textOf(fields, name) };
    return await sendPictureComments(session, written, context);
  },
  async services(session, fields, context) {
    const want = fields.want === 'down' ? 'down' : 'up';
    return (await setServices({ ...sessionQuestion(session), want }, context)).done;
  },
  async stop(session, fields, context) {
    const when = fields.when === 'now' ? 'now' : 'after_iteration';
    return (await stopSession({ ...sessionQuestion(session), when }, context)).done;
  },
  async resume(session, fields, context) {
    const limits = Object.fromEntries(
      LIMIT_NAMES.map((name) => [name, numberOf(textOf(fields, `limit.${name}`))]),
    );
    const provider = textOf(fields, 'provider') || undefined;
    const input = { note: textOf(fields, 'note'), goal: textOf(fields, 'goal'), limits, provider };
    return (await resumeSession({ ...sessionQuestion(session), ...input }, context)).done;
  },
  async preview(session, fields, context) {
    const how = finishChoiceOf(fields);
    return previewPart(
      session,
      how,
      // It changes nothing: only the act itself asks for a confirmed tab.
      await previewFinish(
        { ...sessionQuestion(session), how, keep: [] },
        { ...context, by: { ...context.by, unconfirmed: undefined } },
      ),
    );
  },
  async finish(session, fields, context) {
    const how = finishChoiceOf(fields);
    const shown = textOf(fields, 'hash');
    const input = { ...sessionQuestion(session), how, keep: [], shown, waitMs: WAIT_MS };
    const { done, commands } = await finishSession(input, context);
    return html`<p>${done}</p>${commands.map((command) => html`<pre>${command}</pre>`)}`;
  },
  async verify(session, _fields, context, signal) {
    const opened = await openProof({ of: session.view.folder, projectDir: session.projectDir }, context);
    const result = await verifyProof(opened, context, { signal });
    return verdict(result);
  },
};

/** These count only in the state for which the page offered them. */
const DECISIONS: ReadonlySet<string> = new Set(['answer', 'plan', 'resume', 'preview', 'finish']);

/** As which act the page offers them: by name, none is done of a session for which it is not offered. */
const OFFERS: Readonly<Record<string, SessionAct>> = {
  ...{ answer: 'answer', plan: 'answer', message: 'message', stop: 'stop', resume: 'resume' },
  ...{ preview: 'finish', finish: 'finish', verify: 'verify' },
};

function verdict({ verified, commit = '', checks, differences, partly }: Verification): Html {
  const at = commit.slice(0, 12);
  if (verified)
    return html`<p><b class="good">✓ Verified</b>: ${at} is as the proof says; ${counted(checks.length, 'command')} repeated.${partly && ` ${partly}`}</p>`;
  return html`<p><b class="bad">✘ Not verified</b></p><ul>${differences.map(
    ({ what, expected, found }) =>
      html`<li dir="auto">${DIFFERENCES[what]}: expected ${expected}, found ${found}</li>`,
  )}</ul>`;
}

export async function actOnSession(
  name: string,
  { session, fields, signal }: { session: ShownSession; fields: Fields; signal: AbortSignal },
  context: ActionContext,
): Promise<Html | string> {
  const act = Object.hasOwn(ACTS, name) ? ACTS[name] : undefined;
  if (act === undefined) throw WEB_ERRORS.no_such_act({ act: name });
  // The form may have been that of a session that the tab has left.
  if (fields.session !== pageKey(session.view.paths)) throw WEB_ERRORS.state_changed();
  if (DECISIONS.has(name) && fields.state !== stateIdOf(session.view)) throw WEB_ERRORS.state_changed();
  const offer = OFFERS[name];
  if (offer && !canAct(offer, session, 'web'))
    throw refusalOf(offer, session, 'web') ?? WEB_ERRORS.state_changed();
  const actId = textOf(fields, 'act') || undefined;
  return await act(session, fields, { ...actingOn(session, context), actId }, signal);
}

function listOf(fields: Fields, name: string): string[] {
  return [fields[name] ?? []].flat();
}

function textOf(fields: Fields, name: string): string {
  return listOf(fields, name).join('\n').trim();
}

function numberOf(text: string): number | undefined {
  if (text === '') return undefined;
  const number = Number(text);
  if (!(number >= 0 && Number.isFinite(number))) throw WEB_ERRORS.not_a_number({ text });
  return number;
}

function finishChoiceOf(fields: Fields) {
  const choice = FINISH_CHOICE_NAMES.find((each) => each === fields.how);
  if (choice === undefined) throw WEB_ERRORS.no_such_act({ act: String(fields.how) });
  return choice;
}
