import { GRANTS, type Permissions, permissionsIn } from '../../kernel/phases/grants.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import { listed, visibleControls } from '../../kernel/text.ts';
import type { PrintedFacts } from '../contract/events.ts';
import type { Provider } from '../contract/provider.ts';

interface StartJudged {
  /** Why an agent of this phase cannot work like that. */
  unfit?: string;
  /** What differs from the tools that were asked for. */
  warning?: string;
}

const MAX_NAMED = 10;

/** Compares what a CLI printed at its start with what it was asked for: its mode, and the tools that it offers. Pure. */
export function judgePrinted(
  cli: Provider,
  { phase, permissions }: { phase: Phase; permissions: Permissions },
  { tools: printed, version, mode, model, cliSession }: PrintedFacts,
): StartJudged {
  const program = `${cli.title} ${shown(version ?? 'of unknown version', 40)}`;
  const wanted = cli.reviewer?.mode;
  const isReviewed = permissionsIn(phase, permissions) === 'auto';
  if (isReviewed && wanted !== undefined && cliSession !== undefined && mode !== wanted)
    return {
      unfit: `${program} works in the mode ${shown(mode ?? '(none)', 40)} instead of ${wanted}, so nothing would be reviewed: ${shown(model ?? 'its model', 80)} or its settings do not allow that mode. Set another MODEL, or PERMISSIONS=allow.`,
    };
  if (cli.tools?.needed === undefined || printed === undefined) return {};
  const { offered, needed } = cli.tools;
  const asked: readonly string[] = offered[GRANTS[phase]];
  const lacks = needed.filter((group) => !group.some((name) => printed.includes(name)));
  if (GRANTS[phase] === 'work' && lacks.length > 0) {
    const groups = lacks.map((group) => group.join(' or ')).join(' and ');
    return { unfit: `${program} offers its agent no ${groups}. ${adviceFor(cli)}` };
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
    names.map((name) => shown(name, 80)),
    MAX_NAMED,
  );
}

function shown(text: string, most: number): string {
  return visibleControls(text.slice(0, most));
}

function adviceFor({ title, facts }: Provider): string {
  const tried = facts?.tested ? ` (${facts.tested.oldest} to ${facts.tested.newest})` : '';
  return `Its settings can deny a tool, and its login or service can lack one; else use a version of ${title} that was tried${tried}, or update samocode.`;
}
