import { closeSync, readFileSync } from 'node:fs';
import { ifThere } from '../errors.ts';
import { namesAt } from '../files/path-stats.ts';

const CLOSED_ON_EXEC = 0o2000000;

/**
 * Closes descriptors that were leaked by the program that started us: agents would inherit them, with their access.
 * Node opens its own with close-on-exec. Only Linux lists descriptors with their flags.
 */
export function closeInherited(): void {
  for (const name of namesAt('/proc/self/fdinfo') ?? []) {
    // The descriptor of the listing itself is closed by now.
    const about = ifThere(() => readFileSync(`/proc/self/fdinfo/${name}`, 'utf8'));
    const flags = Number.parseInt(/^flags:\s*([0-7]+)/m.exec(about ?? '')?.[1] ?? '2000000', 8);
    if (Number(name) > 2 && (flags & CLOSED_ON_EXEC) === 0) closeSync(Number(name));
  }
}
