//go:build linux

package kubernetes

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// namespace of the CronJobs. It admits only pods that keep to the strictest of Kubernetes' pod
// security standards.
const namespace = "okta"

// server is the address of the API server.
const server = "https://127.0.0.1:6443"

// cluster is the control plane.
type cluster struct {
	bin, dir string
	ca       *authority
	tokens   map[string]string // of the users by their names
	admin    kubernetes.Interface
	config   string // of kubectl
}

// users are those who may sign in to the API server, with their groups.
var users = map[string]string{
	"admin":                          "system:masters",
	"system:kube-controller-manager": "",
	"system:kube-scheduler":          "",
	"system:node:" + nodeName:        "system:nodes",
}

// startCluster starts the control plane, and ends it with the test.
func startCluster(t *testing.T) *cluster {
	t.Helper()
	bin, err := filepath.Abs(os.Getenv("KUBERNETES_BIN"))
	check(t, err)
	c := &cluster{bin: bin, dir: t.TempDir(), ca: newAuthority(t), tokens: make(map[string]string)}
	var list strings.Builder
	for user, groups := range users {
		c.tokens[user] = rand.Text()
		fmt.Fprintf(&list, "%s,%s,%s,%q\n", c.tokens[user], user, user, groups)
	}
	write(t, c.path("tokens.csv"), []byte(list.String()), 0o600)
	write(t, c.path("ca.pem"), c.ca.pem, 0o600)
	write(t, c.path("accounts.key"), keyText(t, newKey(t)), 0o600)
	cert, key := c.ca.certify(t, "127.0.0.1", "kubernetes.default.svc")
	write(t, c.path("server.pem"), cert, 0o600)
	write(t, c.path("server.key"), key, 0o600)

	c.start(t, "server", // etcd
		"--data-dir="+c.path("etcd"), "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls=http://127.0.0.1:2379", "--advertise-client-urls=http://127.0.0.1:2379", "--listen-peer-urls=http://127.0.0.1:2380")
	ended := c.start(t, "kube-apiserver",
		"--etcd-servers=http://127.0.0.1:2379", "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
		"--tls-cert-file="+c.path("server.pem"), "--tls-private-key-file="+c.path("server.key"), "--cert-dir="+c.path("certs"),
		"--token-auth-file="+c.path("tokens.csv"), "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
		"--service-account-issuer=https://kubernetes.default.svc", "--service-cluster-ip-range=10.0.0.0/24",
		"--service-account-key-file="+c.path("accounts.key"), "--service-account-signing-key-file="+c.path("accounts.key"))
	c.admin = c.client(t, "admin")
	c.config = c.kubeconfig(t, "admin")
	eventually(t, "the API server is ready", 3*time.Minute, func() error {
		select {
		case <-ended:
			t.Fatal("the API server has ended")
		default:
		}
		return c.admin.Discovery().RESTClient().Get().AbsPath("/readyz").Do(t.Context()).Error()
	})
	c.start(t, "kube-controller-manager",
		"--kubeconfig="+c.kubeconfig(t, "system:kube-controller-manager"), "--use-service-account-credentials", "--leader-elect=false", "--secure-port=0",
		"--service-account-private-key-file="+c.path("accounts.key"), "--root-ca-file="+c.path("ca.pem"))
	c.start(t, "kube-scheduler",
		"--kubeconfig="+c.kubeconfig(t, "system:kube-scheduler"), "--leader-elect=false", "--secure-port=0")
	c.kubectl(t, "create", "namespace", namespace)
	c.kubectl(t, "label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
	eventually(t, "pods may be created", time.Minute, func() error {
		_, err := c.admin.CoreV1().ServiceAccounts(namespace).Get(t.Context(), "default", metav1.GetOptions{})
		return err
	})
	return c
}

func (c *cluster) path(name string) string { return filepath.Join(c.dir, name) }

// start starts a part of the control plane, and ends it with the test. If the test fails, the end
// of its log is shown. The channel is closed when it has ended.
func (c *cluster) start(t *testing.T, name string, args ...string) <-chan struct{} {
	t.Helper()
	log, err := os.Create(c.path(name + ".log"))
	check(t, err)
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(c.bin, name), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, log, log
	check(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		if text, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			lines := bytes.SplitAfter(text, []byte("\n"))
			t.Logf("the end of the log of %s:\n%s", name, bytes.Join(lines[max(0, len(lines)-10):], nil))
		}
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		_ = log.Close()
	})
	return ended
}

// client returns the API as a user sees it.
func (c *cluster) client(t *testing.T, user string) kubernetes.Interface {
	t.Helper()
	client, err := kubernetes.NewForConfig(&rest.Config{
		Host: server, BearerToken: c.tokens[user], TLSClientConfig: rest.TLSClientConfig{CAData: c.ca.pem}, QPS: 100, Burst: 200,
	})
	check(t, err)
	return client
}

// kubeconfig writes the settings of a user, and returns the file's name.
func (c *cluster) kubeconfig(t *testing.T, user string) string {
	t.Helper()
	config := api.NewConfig()
	config.Clusters["test"] = &api.Cluster{Server: server, CertificateAuthorityData: c.ca.pem}
	config.AuthInfos["test"] = &api.AuthInfo{Token: c.tokens[user]}
	config.Contexts["test"] = &api.Context{Cluster: "test", AuthInfo: "test", Namespace: namespace}
	config.CurrentContext = "test"
	path := c.path(strings.ReplaceAll(user, ":", "-") + ".kubeconfig")
	check(t, clientcmd.WriteToFile(*config, path))
	return path
}

// kubectl does what an admin types.
func (c *cluster) kubectl(t *testing.T, args ...string) {
	t.Helper()
	c.run(t, c.dir, filepath.Join(c.bin, "kubectl"), args...)
}

// run executes a command with kubectl in the path.
func (c *cluster) run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + c.bin + ":" + os.Getenv("PATH"), "KUBECONFIG=" + c.config, "HOME=" + c.dir}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", filepath.Base(name), args, err, out)
	}
}

// eventually waits until nothing is wrong any more.
func eventually(t *testing.T, what string, within time.Duration, wrong func() error) {
	t.Helper()
	deadline := time.After(within)
	for {
		err := wrong()
		if err == nil {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("within %s it didn't come true that %s: %v", within, what, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}
