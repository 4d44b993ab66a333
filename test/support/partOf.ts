/** Ports of which a test needs a part: what it did not give is not there when it is called. */
export const partOf = <T extends object>(part: object): T => part as T;
