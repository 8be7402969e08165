import { handOver } from './hand-over.ts';

await handOver();
