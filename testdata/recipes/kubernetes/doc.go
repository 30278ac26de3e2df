// Package kubernetes runs the recipe of the topic kubernetes where Kubernetes itself decides. Run
// it with make kubernetes, as root on Linux. It has a go.mod of its own, so the program doesn't get
// its libraries.
//
// etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kubectl are built from their
// released modules. They start Jobs and pods, bind volumes, count failures and keep deadlines. A
// small node takes the kubelet's place: it runs the program for each pod as its user in a root
// folder of its own, with the pod's arguments, environment and volumes, and reports the exit code.
// The kubelet's own code writes the secrets and sets owners and modes on the volumes.
//
// Stand-in orgs count what was done to each user. All of it lives in namespaces of its own, with a
// loopback of its own, and ends with the test.
package kubernetes
