package dev.tidemark.invalidator;

import dev.tidemark.cache.store.EntryStore;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/// A store that runs an action just before an operation: another activity in the system, at the
/// worst moment.
public final class HookedStore {

  private HookedStore() {}

  /// Returns a store that runs an action before an operation.
  ///
  /// @param operation name of the methods
  /// @param hook runs before each call of one of them
  public static EntryStore before(String operation, Runnable hook, EntryStore store) {
    return (EntryStore)
        Proxy.newProxyInstance(
            EntryStore.class.getClassLoader(),
            new Class<?>[] {EntryStore.class},
            (_, method, arguments) -> {
              if (method.getName().equals(operation)) {
                hook.run();
              }
              try {
                return method.invoke(store, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
