import * as z from 'zod';

// To be imported before any schema is made. zod compiles each schema at its first use, which costs more than a program
// of ours gains by it in its whole life: most read a few files once, and none reads faster for it afterwards.
z.config({ jitless: true });
