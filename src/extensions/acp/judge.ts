import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type {
  PermissionOptionKind,
  RequestPermissionOutcome,
  RequestPermissionRequest,
  ToolCallUpdate,
} from '@agentclientprotocol/sdk';
import { contains } from '../../core/kernel/files/contains.ts';
import type { RunnerPlan } from './runner-plan.ts';

/** The answer to a permission request: once, never "always": the next call might do something else. */
export function answerTo(
  { toolCall, options }: Partial<RequestPermissionRequest>,
  plan: JudgedBy,
): { outcome: RequestPermissionOutcome; refused?: string } {
  const { isAllowed, what } = judge(Object(toolCall), plan);
  const selected = (kind: PermissionOptionKind) => {
    const optionId = options?.find((option) => option.kind === kind)?.optionId;
    return optionId === undefined ? undefined : { outcome: 'selected' as const, optionId };
  };
  const allowed = isAllowed ? selected('allow_once') : undefined;
  if (allowed) return { outcome: allowed };
  return { outcome: selected('reject_once') ?? { outcome: 'cancelled' }, refused: what };
}

/** Decides by the effect of a call, regardless of the kind it declares. `what`: the call on one line. */
function judge(toolCall: ToolCallUpdate, { rules, cwd }: JudgedBy): { isAllowed: boolean; what: string } {
  const { kind, title, command, paths, writes } = described(toolCall);
  const what = `${kind}: ${command ?? (paths.join(', ') || title)}`.replace(/\s+/g, ' ').slice(0, 300);
  if (rules === 'all') return { isAllowed: true, what };
  if (command !== undefined) return { isAllowed: mayRun(command, rules.commands), what };
  const isBelow = (path: string) => rules.folders.some((folder) => contains(folder, realPathOf(path, cwd)));
  if (!writes && READING.has(kind)) return { isAllowed: true, what };
  return { isAllowed: writes && paths.length > 0 && paths.every(isBelow), what };
}

type JudgedBy = Pick<RunnerPlan, 'rules' | 'cwd'>;

const READING: ReadonlySet<string> = new Set(['read', 'search', 'think', 'fetch']);
/** `other`: the agent asks to open a folder. */
const WRITING: ReadonlySet<string> = new Set(['edit', 'delete', 'move', 'other']);

/** The names of path parameters in agents' tool inputs. */
const PATH_KEYS = /^(?:file_?name|file_?path|path|dir(?:ectory)?|folder|parent_?dir)$/i;

function described({ kind, title, locations, content, rawInput }: ToolCallUpdate) {
  const input = Object.entries(Object(rawInput)) as [string, unknown][];
  const named = input.filter(([key]) => PATH_KEYS.test(key)).map(([, value]) => value);
  const diffs = (content ?? []).flatMap((part) => (part.type === 'diff' ? [part.path] : []));
  const heading = title ?? '';
  const own = kind === 'other' && isAbsolute(heading) ? [heading.replace(/\/\*+$/, '')] : [];
  const paths = [...(locations ?? []).map(({ path }) => path), ...diffs, ...named, ...own];
  const [, given] = input.find(([key]) => key === 'command') ?? [];
  const command = given ?? (kind === 'execute' ? heading : undefined);
  return {
    kind: kind ?? 'other',
    title: heading,
    command: command === undefined ? undefined : String(command),
    paths: [...new Set(paths.map(String))],
    writes: diffs.length > 0 || WRITING.has(kind ?? 'other'),
  };
}

/** Each part of a command line must only read. Quotes are not parsed: an unclear part is refused. */
function mayRun(command: string, commands: string | undefined): boolean {
  if (commands === undefined) return true;
  const reads = new RegExp(commands);
  const parts = command.replaceAll(/ 2>(?:&1|\/dev\/null)(?= |$)/g, '').split(/&&|\|\||[|;\n]/);
  return parts.every((part) => reads.test(part.trim()));
}

/** Resolves links, whose targets can be outside a folder; for a missing path, those of its nearest parent. */
function realPathOf(path: string, cwd: string): string {
  const absolute = resolve(cwd, path);
  try {
    return realpathSync(absolute);
  } catch {
    const above = dirname(absolute);
    return above === absolute ? absolute : join(realPathOf(above, cwd), absolute.slice(above.length));
  }
}
