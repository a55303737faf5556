/**
 * The limits that more than one room must agree on. A limit of one room alone stands in that room.
 * Everything is bounded; what is over is refused by name.
 */

/** Largest MessagePack body of a peer frame. DESIGN: checked before allocation. */
export const frameBytesMax = 4 * 1024 * 1024;
/** The same of one who has not been let in: a hello has at most a third of it. */
export const strangerFrameBytesMax = 16 * 1024;
/** Largest group (spec) that is stored. */
export const groupBytesMax = 256 * 1024;
/** Deadline of a call to another actor, here or on another node, unless the caller says else. */
export const callTimeoutMsDefault = 5_000;
/** Messages waiting for one actor before it refuses with `overloaded`. */
export const mailboxMessagesMax = 10_000;
/** A node's share of the records, relative to other nodes': least and most. */
export const weightMin = 0.1;
export const weightMax = 100;
