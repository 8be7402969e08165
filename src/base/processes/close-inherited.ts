import { closeSync, readFileSync } from 'node:fs';
import { ifThere } from '../errors.ts';
import { namesAt } from '../files/path-stats.ts';

const CLOSED_ON_EXEC = 0o2000000;

/**
 * Closes what the program that started us had open for its own ends: agents would inherit it, and may write what it may.
 * Node closes its own files in every program that it starts. Only Linux says which those are.
 */
export function closeInherited(): void {
  for (const name of namesAt('/proc/self/fdinfo') ?? []) {
    // The folder that was listed is gone by now.
    const about = ifThere(() => readFileSync(`/proc/self/fdinfo/${name}`, 'utf8'));
    const flags = Number.parseInt(/^flags:\s*([0-7]+)/m.exec(about ?? '')?.[1] ?? '2000000', 8);
    if (Number(name) > 2 && (flags & CLOSED_ON_EXEC) === 0) closeSync(Number(name));
  }
}
