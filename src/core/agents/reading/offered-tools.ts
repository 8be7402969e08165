import { GRANTS } from '../../kernel/phases/grants.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import { listed, visibleControls } from '../../kernel/text.ts';
import type { PrintedFacts, Provider } from '../contract/provider.ts';

export interface ToolsJudged {
  /** Why an agent of this phase cannot work with these tools. */
  lacking?: string;
  /** What differs from the tools that were asked for. */
  warning?: string;
}

const MAX_NAMED = 10;

/** Compares the tools that a CLI printed at its start with those that it was asked to offer. Pure. */
export function judgeTools(
  cli: Provider,
  phase: Phase,
  { tools: printed, version }: PrintedFacts,
): ToolsJudged {
  if (cli.tools?.needed === undefined || printed === undefined) return {};
  const { offered, needed } = cli.tools;
  const asked: readonly string[] = offered[GRANTS[phase]];
  const program = `${cli.title} ${visibleControls(version ?? 'of unknown version').slice(0, 40)}`;
  const lacks = needed.filter((group) => !group.some((name) => printed.includes(name)));
  if (GRANTS[phase] === 'work' && lacks.length > 0) {
    const groups = lacks.map((group) => group.join(' or ')).join(' and ');
    return { lacking: `${program} offers its agent no ${groups}. ${adviceFor(cli)}` };
  }
  const missing = asked.filter((name) => !printed.includes(name));
  const unknown = printed.filter((name) => !asked.includes(name) && !name.startsWith('mcp__'));
  const parts = [
    ...(missing.length > 0 ? [`does not offer ${named(missing)}`] : []),
    ...(unknown.length > 0 ? [`offers ${named(unknown)}, which samocode did not ask for`] : []),
  ];
  return parts.length === 0
    ? {}
    : { warning: `${program} ${parts.join(', and ')}. Agents work with what it offers. ${adviceFor(cli)}` };
}

function named(names: readonly string[]): string {
  return listed(
    names.map((name) => visibleControls(name.slice(0, 80))),
    MAX_NAMED,
  );
}

function adviceFor({ title, facts }: Provider): string {
  const tried = facts?.tested ? ` (${facts.tested.oldest} to ${facts.tested.newest})` : '';
  return `Its settings can deny a tool, and its login or service can lack one; else use a version of ${title} that was tried${tried}, or update samocode.`;
}
