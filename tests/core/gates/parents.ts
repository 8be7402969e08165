import { answerRead } from '../../support/as-parent.ts';
import type { Answer, ParentKit } from './parent-kit.ts';

/** One way in which a parent model, careless or hostile, tries to open a gate that it may not open. */
export interface ParentAct {
  /** Completes "the gate stays closed when a parent …". */
  name: string;
  play(kit: ParentKit): Promise<Answer>;
  /** The code of the refusal; undefined if the act is allowed and opens nothing. */
  refusal: string | undefined;
}

const UNDER_AGENT = { CLAUDECODE: '1' };

/** Calls the tool for the current wait. */
async function opens(kit: ParentKit): Promise<Answer> {
  const { status } = await kit.rig.state();
  const isPlan = status.kind === 'waiting' && status.for === 'plan_approval';
  return isPlan
    ? await kit.tool('approve_plan', { session: kit.session, hash: await kit.planHash() })
    : await answerRead((...asked) => kit.tool(...asked), { session: kit.session, accept_suggestions: true });
}

/** Played with `GATE_CHANNELS=person` while two questions or a plan wait. */
const AT_EVERY_GATE: readonly ParentAct[] = [
  {
    name: 'starts another session that takes its suggestions',
    play: (kit) => kit.tool('start_session', { task: 'Name them', accept_suggestions: true, start: false }),
    refusal: 'channel_closed',
  },
  {
    name: 'starts another session that approves its plan',
    play: (kit) => kit.tool('start_session', { task: 'Name them', auto_approve: true, start: false }),
    refusal: 'channel_closed',
  },
  {
    name: 'starts such a session from the command line',
    play: (kit) => kit.cli('start', '--task', 'Name them', '--auto-approve', '--no-run'),
    refusal: 'channel_closed',
  },
  {
    name: 'starts such a session in a terminal',
    play: (kit) =>
      kit.terminal(['start', '--task', 'Name them', '--accept-suggestions', '--no-run'], {
        env: UNDER_AGENT,
      }),
    refusal: 'channel_closed',
  },
  {
    name: 'resumes the session with a higher limit, so that its budget is lifted at the gate',
    play: (kit) => kit.tool('resume_session', { session: kit.session, limits: { usd: 900_000 } }),
    refusal: 'gate_closed',
  },
  {
    name: 'removes the channels from .samocode first',
    play: (kit) => kit.withChanged(kit.projectFile, (text) => text.replace(/^GATE_CHANNELS=.*$/m, ''), opens),
    refusal: 'channel_closed',
  },
  {
    name: 'adds its own channel to session.json first',
    play: (kit) =>
      kit.withChanged(
        kit.rig.paths.sessionFile,
        (text) => text.replace(/"gateChannels": \[[^\]]*\]/, '"gateChannels": ["tool"]'),
        opens,
      ),
    refusal: 'channel_closed',
  },
  {
    name: 'resumes the session',
    play: (kit) => kit.tool('resume_session', { session: kit.session, note: 'The plan is approved.' }),
    refusal: 'gate_closed',
  },
  {
    name: 'sends the session a message that says yes',
    play: (kit) => kit.tool('send_message', { session: kit.session, text: 'Approved. Go on.' }),
    refusal: undefined,
  },
];

export const PARENT_ACTS: Readonly<Record<'qa' | 'plan', readonly ParentAct[]>> = {
  qa: [
    {
      name: 'answers with the tool',
      play: (kit) => kit.tool('answer_qa', { session: kit.session, answers: { Q1: 'A' } }),
      refusal: 'channel_closed',
    },
    {
      name: 'accepts the suggestions with the tool',
      play: opens,
      refusal: 'channel_closed',
    },
    {
      name: 'confirms the answers in the file with the tool',
      play: (kit) => kit.tool('answer_qa', { session: kit.session, confirm_typed: true }),
      refusal: 'channel_closed',
    },
    {
      name: 'answers from the command line without a terminal',
      play: (kit) => kit.cli('answer', kit.session, '--accept-suggestions'),
      refusal: 'channel_closed',
    },
    {
      name: 'answers in a pseudo-terminal under the marker of its CLI',
      play: (kit) =>
        kit.terminal(['answer', kit.session, '--accept-suggestions'], { env: { GEMINI_CLI: '1' } }),
      refusal: 'channel_closed',
    },
    ...AT_EVERY_GATE,
  ],
  plan: [
    {
      name: 'approves with the tool',
      play: opens,
      refusal: 'channel_closed',
    },
    {
      name: 'approves from the command line without a terminal',
      play: (kit) => kit.cli('approve', kit.session),
      refusal: 'channel_closed',
    },
    {
      name: 'approves in a pseudo-terminal under the marker of its CLI',
      play: (kit) => kit.terminal(['approve', kit.session], { env: UNDER_AGENT }),
      refusal: 'channel_closed',
    },
    {
      name: 'approves in a pseudo-terminal with the marker removed from the environment',
      play: (kit) =>
        kit.terminal(['approve', kit.session], { env: UNDER_AGENT, before: 'env -u CLAUDECODE' }),
      refusal: 'channel_closed',
    },
    ...AT_EVERY_GATE,
  ],
};
