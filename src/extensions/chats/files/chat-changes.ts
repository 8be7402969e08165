import { pathInside, realPathAsFar } from '../../../core/project/git/real-path.ts';
import { type ChatPiece, type FoundChat, piecesInFile } from '../clients/chat.ts';
import { readClaudeLine, subagentFiles } from '../clients/claude-chats.ts';

const MOST_FILES = 2000;

/** Collects the files that the tool calls of a chat changed, piece by piece. Calls that failed do not count. */
export class ChangeCollector {
  readonly #byCall = new Map<string, string[]>();
  readonly #others = new Set<string>();

  take(piece: ChatPiece): void {
    if (piece.kind === 'failed') this.#byCall.delete(piece.call);
    else if (piece.kind === 'changed' && piece.call !== undefined) this.#byCall.set(piece.call, piece.paths);
    else if (piece.kind === 'changed') for (const path of piece.paths) this.#others.add(path);
  }

  /** The paths as the tools named them, with those of the chat's subagents. */
  async paths({ client, source }: FoundChat): Promise<ReadonlySet<string>> {
    const subagents = 'path' in source && client === 'Claude Code' ? subagentFiles(source.path) : [];
    for (const path of subagents) for (const piece of piecesInFile(path, readClaudeLine)) this.take(piece);
    return new Set([...this.#others, ...[...this.#byCall.values()].flat()]);
  }
}

/** Those of the paths that lie in the main repository, relative to it, sorted. */
export async function pathsInRepo(paths: Iterable<string>, mainRepo: string): Promise<string[]> {
  const real = await realPathAsFar(mainRepo);
  const inside = new Set<string>();
  for (const path of paths) {
    const own = path.startsWith('/')
      ? pathInside(real, await realPathAsFar(path).catch(() => '/'))
      : undefined;
    if (own) inside.add(own);
  }
  return [...inside].sort().slice(0, MOST_FILES);
}
