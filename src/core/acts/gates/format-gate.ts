import { planAtStake, stakeLine } from '../../caller/facts/at-stake.ts';
import { hanging } from '../../faces/terminal/columns.ts';
import { diffColours, formatMarkdown } from '../../faces/terminal/markdown.ts';
import type { Output } from '../../faces/terminal/output.ts';
import { fitLine, harmless, type Style } from '../../faces/terminal/style.ts';
import { CHAT_SECTION } from '../../session/documents/chat-section.ts';
import type { PlanReport } from './read-plan.act.ts';
import type { QaItem } from './read-qa.act.ts';

/** Formats one question for a person, and removes terminal control sequences, because an agent wrote it. */
export function formatQuestion(question: QaItem, output: Output): string {
  const { style, columns } = output;
  const { options, suggestion, answer } = question;
  const suggested = new Set(suggestion?.letters ?? []);
  const lines = options.map(({ letter, text: words }) => {
    const mark = suggested.has(letter) ? style.accent(' ← suggested') : '';
    const first = `     ${style.bold(`${letter})`)} `;
    return hanging(`${fitLine(words, 400)}${mark}`, { first, columns });
  });
  const why = whyLines(question, output);
  return [questionHead(question, output), ...lines, ...why, ...answerLines(question, answer, style)].join(
    '\n',
  );
}

/** The option itself shows that it is suggested. */
export function whyLines({ suggestion }: QaItem, { style, columns }: Output): string[] {
  const reason = fitLine(suggestion?.reason ?? '', 400);
  return reason ? [style.dim(hanging(`why: ${reason}`, { first: '     ', columns }))] : [];
}

/** What a question about checks refers to: a diff or output, which agents can influence too. */
export function aboutText(text: string): string {
  return text.trimEnd().split('\n').map(harmless).join('\n');
}

/** What the agent took from the chat that the session carries on; empty where that does not have to be shown. */
export function chatLines(fromChat: string | undefined, { style, textColumns: columns }: Output): string[] {
  if (fromChat === undefined) return [];
  return [
    '',
    style.bold(`${CHAT_SECTION}, as its agent read it:`),
    '',
    formatMarkdown(fromChat, { style, columns }),
  ];
}

/** The question without its options. */
export function questionHead({ id, text }: QaItem, { style, columns }: Output): string {
  const first = `${style.bold(style.attention(id))}${' '.repeat(Math.max(1, 5 - id.length))}`;
  return hanging(harmless(text), { first, columns });
}

function answerLines(question: QaItem, answer: string | undefined, style: Style): string[] {
  if (answer === undefined) return [];
  if (question.isUnconfirmed) {
    return [
      style.attention(
        `     in the file, not confirmed by you: ${fitLine(answer, 400)} (--confirm-typed confirms it)`,
      ),
    ];
  }
  return [style.good(`     ✔ ${fitLine(answer, 400)}`)];
}

export function formatPlan(plan: PlanReport, output: Output): string {
  const { name, state, text, servers, warnings, remarks, fromChat } = plan;
  const { style, textColumns: columns } = output;
  const stake = hanging(harmless(stakeLine(planAtStake(plan))), { first: '', columns });
  const head = style.dim(`${name} (${state.replaceAll('_', ' ')})`);
  const above = warnings.map((line) => style.attention(hanging(harmless(line), { first: '', columns })));
  const [title, ...starts] = servers;
  // Placed below the plan, where the person decides, however long the plan is.
  const starting = starts.map((line) => hanging(line.slice(2), { first: line.slice(0, 2), columns }));
  const below = title === undefined ? [] : ['', style.attention(title), ...starting];
  const remarkLines = remarks.map((line) => hanging(harmless(line), { first: '', columns }));
  const facts = remarkLines.length === 0 ? [] : ['', ...remarkLines];
  const chat = chatLines(fromChat, output);
  return [
    head,
    ...above,
    stake,
    '',
    formatMarkdown(text, { style, columns }),
    ...chat,
    ...below,
    ...facts,
  ].join('\n');
}

/** The differences from the last version that a person was asked about; empty for the first one. */
export function planDifference({ changes = [] }: PlanReport, { style }: Output): string[] {
  if (changes.length === 0) return [];
  return ['', style.bold('Changes since the previous version:'), diffColours(changes.join('\n'), style)];
}
