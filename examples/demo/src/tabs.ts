/** The tabs of one user in this browser, counted from 1: each keeps a lock as long as it lives. */

/** The lowest number that no other tab has; 1 where the browser has no locks. */
export async function tabNumber(user: string): Promise<number> {
  const { locks } = navigator as Partial<Navigator>
  if (!locks) return 1
  for (let number = 1; ; number++) {
    if (await keeps(locks, `chatloom-demo.tab.${user}.${number}`)) return number
  }
}

function keeps(locks: LockManager, name: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const hold = (lock: Lock | null): Promise<never> | undefined => {
      resolve(lock !== null)
      return lock ? new Promise<never>(() => {}) : undefined
    }
    locks.request(name, { ifAvailable: true }, hold).catch(reject)
  })
}
