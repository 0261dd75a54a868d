#if os(Linux)
  import CGnet
  import TestSupport
  import Testing

  @Suite("the number of processors") struct ProcessorCountTests {
    /// The files of a machine.
    struct Machine: Sendable, CustomTestStringConvertible {
      let testDescription: String
      let files: [String: String]
      let quota: Int32

      init(_ description: String, _ quota: Int32, _ files: [String: String]) {
        (testDescription, self.quota, self.files) = (description, quota, files)
      }
    }

    private static let v1 = "sys/fs/cgroup/cpu"

    static let machines = [
      Machine("no control groups", 0, [:]),
      Machine("v2, no quota", 0, ["proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "max 100000\n"]),
      Machine(
        "v2, half a processor", 1, ["proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "50000 100000\n"]),
      Machine("v2, a processor", 1, ["proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "100000 100000\n"]),
      Machine(
        "v2, a processor and a half", 2, ["proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "15000 10000\n"]),
      Machine(
        "v2, a group around it", 3,
        [
          "proc/self/cgroup": "0::/a/b/c\n", "sys/fs/cgroup/a/cpu.max": "300000 100000\n",
          "sys/fs/cgroup/a/b/cpu.max": "max 100000\n", "sys/fs/cgroup/a/b/c/cpu.max": "800000 100000\n",
        ]),
      Machine(
        "v2, a container with its host's path", 2,
        [
          "proc/self/cgroup": "0::/system.slice/docker-1.scope\n", "sys/fs/cgroup/cpu.max": "200000 100000\n",
        ]),
      Machine(
        "v2, a group outside of the namespace", 2,
        [
          "proc/self/cgroup": "0::/../../a\n", "sys/fs/cgroup/cpu.max": "200000 100000\n",
        ]),
      Machine(
        "v1, no quota", 0,
        [
          "proc/self/cgroup": "3:cpu,cpuacct:/a\n", "\(v1)/a/cpu.cfs_quota_us": "-1\n",
          "\(v1)/a/cpu.cfs_period_us": "100000\n",
        ]),
      Machine(
        "v1, half a processor", 1,
        [
          "proc/self/cgroup": "12:memory:/a\n3:cpuacct,cpu:/a\n1:name=systemd:/b\n",
          "\(v1)/a/cpu.cfs_quota_us": "50000\n", "\(v1)/a/cpu.cfs_period_us": "100000\n",
        ]),
      Machine(
        "v1, another group's quota", 0,
        [
          "proc/self/cgroup": "3:cpuset:/a\n", "\(v1)/a/cpu.cfs_quota_us": "50000\n",
          "\(v1)/a/cpu.cfs_period_us": "100000\n",
        ]),
      Machine(
        "both versions", 2,
        [
          "proc/self/cgroup": "3:cpu:/\n0::/a\n", "\(v1)/cpu.cfs_quota_us": "400000\n",
          "\(v1)/cpu.cfs_period_us": "100000\n", "sys/fs/cgroup/a/cpu.max": "200000 100000\n",
        ]),
      Machine(
        "nonsense", 0,
        [
          "proc/self/cgroup": "\n:\n::\n0\n0::/a\n", "sys/fs/cgroup/a/cpu.max": "many 100000\n",
        ]),
    ]

    @Test("the time that control groups grant counts, rounded up to whole processors", arguments: machines)
    func quota(machine: Machine) {
      let root = Files.temporaryPath()
      var folders = [root]
      Files.makeDirectory(root)
      for (path, text) in machine.files.sorted(by: { $0.key < $1.key }) {
        var folder = root
        for part in path.split(separator: "/").dropLast() {
          folder += "/\(part)"
          if !folders.contains(folder) {
            folders.append(folder)
            Files.makeDirectory(folder)
          }
        }
        Files.write(text, to: "\(root)/\(path)")
      }
      #expect(unsafe cgnet_processor_quota(root) == machine.quota)
      for path in machine.files.keys { Files.remove("\(root)/\(path)") }
      for folder in folders.reversed() { Files.remove(folder) }
    }
  }
#endif
