import { TO_FILL } from '../../kernel/acts.ts';
import { errors } from '../../kernel/errors.ts';
import { waysOf, waysOutsideChat } from '../../kernel/phases/channels.ts';
import { openedBy } from '../documents/describe-event.ts';
import type { AnswerOnRecord } from '../events/bodies/positions.ts';
import { type By, type Channel, isPersonalChannel } from '../events/bodies/who-acted.ts';

export const GATE_ERRORS = errors('Nothing was changed.', {
  already_answered: ({ taken }: { taken: readonly AnswerOnRecord[] }) => ({
    why: `${taken.map(({ id, text, by, at }) => `${id} was answered first with "${text.split('\n', 1)[0]?.slice(0, 80)}" by ${openedBy(by)}, at ${at}`).join('; ')}. The first answer counts.`,
    hint: replaceHint(taken, 'with --replace'),
    modelHint: replaceHint(taken, 'with replace'),
    next: [{ act: 'message', args: { text: TO_FILL }, ifWanted: true }],
  }),
  answer_not_understood: ({ id, problem, isOwn }: { id: string; problem: string; isOwn?: boolean }) => ({
    why: problem,
    hint: isOwn
      ? `Begin the answer to ${id} with the letter of an option.`
      : `Answer ${id} with a letter of its options, several separated by commas, or in your own words.`,
  }),
  channel_closed: ({ by: { channel, client }, gateChannels, chosen = [] }: ClosedChannel) => ({
    why: [
      chosen.length === 0 ? '' : `It was to ${chosen.join(' and ')} without asking, which opens a gate. `,
      `GATE_CHANNELS of this project allows only ${gateChannels.join(', ')}, and this came by ${channel}`,
      client === undefined ? '.' : ` (${client}).`,
    ].join(''),
    hint:
      chosen.length === 0
        ? `A person decides it ${
            isPersonalChannel(channel) ? waysOf(gateChannels) : waysOutsideChat(gateChannels)
          }.`
        : 'Start it without that choice; the session then waits at the gate.',
  }),
  empty_feedback: () => ({
    why: 'No change was named.',
    hint: 'Say what should be different in the plan.',
  }),
  no_answer_given: ({ open }: { open: readonly string[] }) => ({
    why: 'None of the answers is for an open question.',
    hint: `Open questions: ${open.join(', ')}. Give answers by id, or accept all suggestions.`,
  }),
  no_plan: () => ({
    why: 'The plan document no longer exists.',
    next: [{ act: 'request_changes', args: { feedback: TO_FILL }, when: 'to get a new one' }],
  }),
  not_waiting: ({ for: waited }: { for: 'answers' | 'plan' }) => ({
    why: waited === 'answers' ? 'No question is open.' : 'No plan waits now.',
    next: [{ act: 'read_status' }],
  }),
  person_closed: ({ person, gatePeople }: { person: string; gatePeople: readonly string[] }) => ({
    why: `From another machine of the pool, ${gatePeople.length > 0 ? `only ${gatePeople.join(', ')}` : 'no one'} may open the gates of this project (GATE_PEOPLE), and this came from ${person}.`,
    hint: 'A person at the machine that has the session can decide.',
    next: [{ act: 'read_status' }],
  }),
  person_accepts: ({ persons }: { persons: readonly Channel[] }) => ({
    why: 'It would accept changes that weaken the checks. Only a person may accept them, and this call could come from a model.',
    hint: `The user reads the changes, and accepts them ${waysOf(persons)}. Any other answer can be given this way too.`,
    next: [{ act: 'answer_questions' }],
  }),
  plan_hash_missing: () => ({
    why: 'An approval names the version of the plan that the person has seen, by its hash.',
    next: [{ act: 'decide_plan' }],
  }),
  questions_changed: () => ({
    why: 'The questions, or what is suggested or typed for them, have changed since they were shown.',
    next: [{ act: 'answer_questions' }],
  }),
  questions_hash_missing: () => ({
    why: 'An answer names the version of the questions that the person has seen, by its hash.',
    next: [{ act: 'answer_questions' }],
  }),
  plan_changed: ({ name }: { name: string }) => ({
    why: `The hash does not match the plan that waits, ${name}.`,
    next: [{ act: 'decide_plan' }],
  }),
  servers_need_person: ({
    servers,
    persons,
  }: {
    servers: readonly string[];
    persons: readonly Channel[];
  }) => ({
    why: `It starts MCP servers by commands of the plan (${servers.join(', ')}). Only a person who decides about this plan may accept those: no model, and no choice made before.`,
    hint: `Read the commands, and approve the plan ${waysOf(persons)}. Or ask for a plan without them.`,
    modelHint: `The user reads the commands, and approves the plan ${waysOf(persons)}. Or ask for a plan without them.`,
    next: [{ act: 'decide_plan' }],
  }),
  servers_unclear: ({ name, problems }: { name: string; problems: readonly string[] }) => ({
    why: `The MCP servers in ${name} cannot be read: ${problems.join(' ')}`,
    next: [{ act: 'request_changes', args: { feedback: TO_FILL }, when: 'to have them corrected' }],
  }),
  tab_unconfirmed: () => ({
    why: 'Only a person may do this, and the tab in which it was done has not been confirmed: a program could have the key of the page.',
    hint: 'Confirm the tab with the six digits that samocode web or watch shows in its terminal, or decide with samocode in a terminal, outside any agent.',
  }),
  unknown_question: ({ id, known }: { id: string; known: readonly string[] }) => ({
    why: `There is no question "${id.slice(0, 40)}". ${known.length > 0 ? `The questions are ${known.join(', ')}.` : 'None has been asked.'}`,
    next: known.length > 0 ? [{ act: 'answer_questions' }] : [{ act: 'read_status' }],
  }),
});

function replaceHint(taken: readonly AnswerOnRecord[], how: string): string {
  return `Until the next agent begins it can be replaced on purpose, ${how}: a person's answer only by a person. Later, a message tells the agent. Answers to other questions can be given without ${taken.map(({ id }) => id).join(', ')}.`;
}

interface ClosedChannel {
  by: By;
  gateChannels: readonly Channel[];
  chosen?: readonly string[];
}
