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

      /// - Parameters:
      ///   - groups: the groups of the process; `nil`: the machine has none.
      ///   - files: the files of groups.
      init(_ description: String, _ quota: Int32, in groups: String? = nil, _ files: [String: String]...) {
        (testDescription, self.quota) = (description, quota)
        self.files = files.reduce(into: groups.map { ["proc/self/cgroup": $0] } ?? [:]) { $0.merge($1) { $1 } }
      }
    }

    /// The quota of a group of version 2.
    private static func v2(_ group: String, _ quota: String) -> [String: String] {
      ["sys/fs/cgroup\(group)/cpu.max": "\(quota)\n"]
    }

    /// The quota of a group of version 1, of a period of 100,000 microseconds.
    private static func v1(_ group: String, _ quota: String) -> [String: String] {
      let folder = "sys/fs/cgroup/cpu\(group)"
      return ["\(folder)/cpu.cfs_quota_us": "\(quota)\n", "\(folder)/cpu.cfs_period_us": "100000\n"]
    }

    static let machines = [
      Machine("no control groups", 0),
      Machine("v2, no quota", 0, in: "0::/a\n", v2("/a", "max 100000")),
      Machine("v2, half a processor", 1, in: "0::/a\n", v2("/a", "50000 100000")),
      Machine("v2, a processor", 1, in: "0::/a\n", v2("/a", "100000 100000")),
      Machine("v2, a processor and a half", 2, in: "0::/a\n", v2("/a", "15000 10000")),
      Machine(
        "v2, a group around it", 3, in: "0::/a/b/c\n", v2("/a", "300000 100000"), v2("/a/b", "max 100000"),
        v2("/a/b/c", "800000 100000")),
      Machine(
        "v2, a container with its host's path", 2, in: "0::/system.slice/docker-1.scope\n", v2("", "200000 100000")),
      Machine("v2, a group outside of the namespace", 2, in: "0::/../../a\n", v2("", "200000 100000")),
      Machine("v1, no quota", 0, in: "3:cpu,cpuacct:/a\n", v1("/a", "-1")),
      Machine(
        "v1, half a processor", 1, in: "12:memory:/a\n3:cpuacct,cpu:/a\n1:name=systemd:/b\n", v1("/a", "50000")),
      Machine("v1, another group's quota", 0, in: "3:cpuset:/a\n", v1("/a", "50000")),
      Machine("both versions", 2, in: "3:cpu:/\n0::/a\n", v1("", "400000"), v2("/a", "200000 100000")),
      Machine("nonsense", 0, in: "\n:\n::\n0\n0::/a\n", v2("/a", "many 100000")),
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
