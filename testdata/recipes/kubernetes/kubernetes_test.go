//go:build linux

package kubernetes

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
)

// scene is an org, its CronJob, and the cluster that both are in.
type scene struct {
	*testing.T
	*org
	c    *cluster
	n    *node
	cron string // name of the CronJob
}

// slow is an org whose runs take a minute and a half: as many users as its limit allows, a wait for
// the next minute, and the others.
func slow(o *org) *org {
	o.people, o.sandbox = 90, append(o.sandbox, "--limit", "60", "--latency", "100ms")
	return o
}

// TestKubernetes applies the recipe as the topic shows it, for many orgs at once, and lets each
// CronJob start by its schedule.
func TestKubernetes(t *testing.T) {
	stories := []struct {
		org  *org
		tell func(*scene)
	}{
		{slow(&org{name: "forbid"}), forbid},
		{&org{name: "lost", people: 40, sandbox: []string{"--fault", "drop_after:reset_factors:times=3"}}, lost},
		{slow(&org{name: "full"}), full},
		{slow(&org{name: "killed"}), killed},
		{slow(&org{name: "drained"}), drained},
		{&org{name: "failing", people: 20, stranger: true}, failing},
		{&org{name: "refused", people: 20}, refused},
		{&org{name: "many", people: 20, consent: "0-10"}, many},
		{&org{name: "expired", people: 20}, expired},
		{slow(&org{name: "late"}), late},
		{slow(&org{name: "hopeless"}), hopeless},
	}
	c := startCluster(t)
	image := t.TempDir()
	n := startNode(t, c, image)
	var list, hosts strings.Builder
	for i, s := range stories {
		o := s.org
		o.host = o.name + ".okta.com"
		if o.consent == "" {
			o.consent = "0-500"
		}
		o.serve(t, c.ca, i+1)
		fmt.Fprintf(&list, "%s,%s,%s,90\n", o.name, o.host, o.consent)
		fmt.Fprintf(&hosts, "127.0.1.%d %s\n", i+1, o.host)
		c.kubectl(t, "create", "secret", "generic", "okta-"+o.name, "--from-literal=clientId="+o.clientID, "--from-file=key.pem="+o.path("key.pem"))
		c.volume(t, "leavers-"+o.name, o.path("input"))
		c.volume(t, "results-"+o.name, o.path("results"))
	}
	buildImage(t, image, c.ca, hosts.String())

	here, err := os.Getwd()
	check(t, err)
	dir := t.TempDir()
	for _, name := range []string{"cronjob.yaml", "cronjobs.sh"} {
		text, err := os.ReadFile(filepath.Join(here, name))
		check(t, err)
		write(t, filepath.Join(dir, name), text, 0o600)
	}
	write(t, filepath.Join(dir, "orgs.csv"), []byte(strings.TrimSuffix(list.String(), "\n")), 0o600)
	c.run(t, dir, "sh", "./cronjobs.sh")

	var told atomic.Int32
	t.Run("orgs", func(t *testing.T) {
		for _, s := range stories {
			t.Run(s.org.name, func(t *testing.T) {
				t.Parallel()
				told.Add(1)
				s.tell(&scene{t, s.org, c, n, "oktareset-" + s.org.name})
			})
		}
	})
	if want := min(5, int(told.Load())); n.most < want {
		t.Errorf("at most %d orgs were worked on at once, want %d", n.most, want)
	}
}

// buildImage makes the files of the project's container, and the file of hosts that the kubelet
// adds.
func buildImage(t *testing.T, dir string, ca *authority, hosts string) {
	t.Helper()
	check(t, os.Chmod(dir, 0o755))
	binary, err := os.ReadFile(program(t))
	check(t, err)
	write(t, filepath.Join(dir, "oktareset"), binary, 0o755)
	check(t, os.MkdirAll(filepath.Join(dir, "etc/ssl/certs"), 0o755))
	write(t, filepath.Join(dir, "etc/ssl/certs/ca-certificates.crt"), ca.pem, 0o644)
	write(t, filepath.Join(dir, "etc/hosts"), []byte(hosts), 0o644)
}

// volume makes a claim, and a volume for it that is a folder of the node.
func (c *cluster) volume(t *testing.T, name, path string) {
	t.Helper()
	size := corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	modes := []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	_, err := c.admin.CoreV1().PersistentVolumes().Create(t.Context(), &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PersistentVolumeSpec{
			Capacity: size, AccessModes: modes,
			ClaimRef:               &corev1.ObjectReference{Namespace: namespace, Name: name},
			PersistentVolumeSource: corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: path}},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchExpressions: []corev1.NodeSelectorRequirement{{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{nodeName}}},
			}}}},
		},
	}, metav1.CreateOptions{})
	check(t, err)
	_, err = c.admin.CoreV1().PersistentVolumeClaims(namespace).Create(t.Context(), &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PersistentVolumeClaimSpec{AccessModes: modes, Resources: corev1.VolumeResourceRequirements{Requests: size}},
	}, metav1.CreateOptions{})
	check(t, err)
}

// patch changes the CronJob as an admin does.
func (s *scene) patch(spec string) {
	s.Helper()
	s.c.kubectl(s.T, "patch", "cronjob", s.cron, "--type=merge", "--patch", `{"spec":`+spec+`}`)
}

// byTheMinute lets the schedule start Jobs, and returns the first that it starts from now on.
func (s *scene) byTheMinute() *batchv1.Job {
	s.Helper()
	before := make(map[string]bool)
	for _, job := range s.jobs() {
		before[job.Name] = true
	}
	s.patch(`{"schedule":"* * * * *","suspend":false}`)
	var started *batchv1.Job
	eventually(s.T, s.cron+" starts a Job by its schedule", 2*time.Minute, func() error {
		for _, job := range s.jobs() {
			if !before[job.Name] {
				started = &job
				return nil
			}
		}
		return errors.New("there is none")
	})
	return started
}

// once is byTheMinute, without a second Job.
func (s *scene) once() *batchv1.Job {
	s.Helper()
	job := s.byTheMinute()
	s.patch(`{"suspend":true}`)
	return job
}

// jobs are the CronJob's.
func (s *scene) jobs() []batchv1.Job {
	s.Helper()
	list, err := s.c.admin.BatchV1().Jobs(namespace).List(s.Context(), metav1.ListOptions{})
	check(s.T, err)
	return slices.DeleteFunc(list.Items, func(job batchv1.Job) bool { return !strings.HasPrefix(job.Name, s.cron+"-") })
}

// ends fails the test unless a Job ends as wanted, by pods with these exit codes: "" is completed,
// everything else the reason of a failure.
func (s *scene) ends(job *batchv1.Job, reason string, codes ...int) {
	s.Helper()
	eventually(s.T, job.Name+" ends", 10*time.Minute, func() error {
		is, err := s.c.admin.BatchV1().Jobs(namespace).Get(s.Context(), job.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, c := range is.Status.Conditions {
			if c.Status != corev1.ConditionTrue {
				continue
			}
			if c.Type == batchv1.JobComplete && reason != "" || c.Type == batchv1.JobFailed && c.Reason != reason {
				s.Fatalf("%s: %s, %s: %s; want %q\n%s", job.Name, c.Type, c.Reason, c.Message, reason, s.logs(job))
			}
			if c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed {
				s.Logf("%s: %s %s", job.Name, c.Type, c.Message)
				return nil
			}
		}
		if refused := s.event(job.Name, "FailedCreate"); refused != "" {
			s.Fatalf("%s: no pod may be created: %s", job.Name, refused)
		}
		return fmt.Errorf("it hasn't: %+v", is.Status)
	})
	var got []int
	for _, e := range s.n.ends(job.Name + "-") {
		got = append(got, e.code)
	}
	if !slices.Equal(got, codes) {
		s.Fatalf("%s: pods ended with %v, want %v\n%s", job.Name, got, codes, s.logs(job))
	}
}

// event returns the message of a CronJob's or Job's event, or "" if there is none.
func (s *scene) event(name, reason string) string {
	s.Helper()
	list, err := s.c.admin.CoreV1().Events(namespace).List(s.Context(), metav1.ListOptions{
		FieldSelector: fields.Set{"involvedObject.name": name, "reason": reason}.String(),
	})
	check(s.T, err)
	if len(list.Items) == 0 {
		return ""
	}
	return list.Items[0].Message
}

// logs are those of a Job's pods.
func (s *scene) logs(job *batchv1.Job) string {
	var all strings.Builder
	for _, e := range s.n.ends(job.Name + "-") {
		text, _ := os.ReadFile(e.log)
		fmt.Fprintf(&all, "pod that ended with %d after %s:\n%s", e.code, e.ended.Sub(e.began).Round(time.Millisecond), text)
	}
	return all.String()
}

// says fails the test unless the last pod of a Job wrote a text.
func (s *scene) says(job *batchv1.Job, want string) {
	s.Helper()
	if logs := s.logs(job); !strings.Contains(logs, want) {
		s.Errorf("%s: want %q in\n%s", job.Name, want, logs)
	}
}

// midway waits until some users have been reset, and others not. It returns the pod that works.
func (s *scene) midway() string {
	s.Helper()
	eventually(s.T, "users of "+s.name+" are reset", 3*time.Minute, func() error {
		c, err := s.counts(s.Context())
		if err == nil && c.ResetsApplied < 5 {
			err = fmt.Errorf("%d are", c.ResetsApplied)
		}
		return err
	})
	pod, err := s.n.running(s.cron + "-")
	check(s.T, err)
	return pod
}

// everybody fails the test unless all users were reset once each, and the results say so.
func (s *scene) everybody() {
	s.Helper()
	s.did(s.T, s.people)
	if got, want := s.statuses(s.T), map[string]int{"reset": s.people}; !maps.Equal(got, want) {
		s.Errorf("%s: rows are %v, want %v", s.name, got, want)
	}
}

// A Job that still works is not joined by the next, and one that is started by hand meanwhile does
// nothing.
func forbid(s *scene) {
	job := s.byTheMinute()
	s.midway()
	second := s.byHand("second")
	s.ends(second, batchv1.JobReasonPodFailurePolicy, 2)
	s.says(second, "is being written by run")
	eventually(s.T, "the schedule leaves a Job alone that works", 2*time.Minute, func() error {
		if s.event(s.cron, "JobAlreadyActive") == "" {
			return errors.New("no such event")
		}
		return nil
	})
	if _, err := s.n.running(job.Name); err != nil {
		s.Errorf("the first Job should still work: %v", err)
	}
	if jobs := s.jobs(); len(jobs) != 2 {
		s.Errorf("there are %d Jobs, want 2", len(jobs))
	}
	s.patch(`{"suspend":true}`)
	s.ends(job, "", 0)
	s.everybody()
}

// byHand starts a Job as an admin does.
func (s *scene) byHand(suffix string) *batchv1.Job {
	s.Helper()
	name := s.cron + "-" + suffix
	s.c.kubectl(s.T, "create", "job", "--from=cronjob/"+s.cron, name)
	job, err := s.c.admin.BatchV1().Jobs(namespace).Get(s.Context(), name, metav1.GetOptions{})
	check(s.T, err)
	return job
}

// The first three answers are lost: exit code 5. The next pod finds out about them, and goes on.
func lost(s *scene) {
	s.ends(s.once(), "", 5, 0)
	s.everybody()
}

// The volume is full: exit code 6. Then there is room again.
func full(s *scene) {
	check(s.T, mountSmall(s.path("results")))
	s.Cleanup(func() { _ = unmount(s.path("results")) })
	job := s.once()
	s.midway()
	filler := s.path("results/filler")
	check(s.T, fill(filler))
	eventually(s.T, "the pod ends", 3*time.Minute, func() error {
		if len(s.n.ends(job.Name+"-")) == 0 {
			return errors.New("it works")
		}
		return os.Remove(filler)
	})
	s.ends(job, "", 6, 0)
	s.everybody()
}

// Memory ran out: 137.
func killed(s *scene) {
	job := s.once()
	s.midway()
	if n := s.n.kill(job.Name + "-"); n != 1 {
		s.Fatalf("%d pods were killed", n)
	}
	s.ends(job, "", 137, 0)
	s.everybody()
}

// The pod is evicted, as when its node is drained: SIGTERM, 143.
func drained(s *scene) {
	job := s.once()
	check(s.T, s.c.admin.CoreV1().Pods(namespace).EvictV1(s.Context(), &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: s.midway()}}))
	s.ends(job, "", 143, 0)
	s.says(job, `"outcome","exit_code":143`)
	s.everybody()
}

// A row failed: exit code 1. Nobody gains by another pod.
func failing(s *scene) {
	s.ends(s.once(), batchv1.JobReasonPodFailurePolicy, 1)
	s.did(s.T, s.people)
	if got, want := s.statuses(s.T), map[string]int{"reset": s.people, "not_found": 1}; !maps.Equal(got, want) {
		s.Errorf("rows are %v, want %v", got, want)
	}
}

// The export is late: exit code 2. Once it is there, the next Job does it all.
func refused(s *scene) {
	list := s.path("input/leavers.csv")
	check(s.T, os.Rename(list, list+".late"))
	job := s.once()
	s.ends(job, batchv1.JobReasonPodFailurePolicy, 2)
	s.says(job, "it isn't there")
	s.did(s.T, 0)
	check(s.T, os.Rename(list+".late", list))
	s.ends(s.byHand("again"), "", 0)
	s.everybody()
}

// The list has more users than the owner agreed to: exit code 3.
func many(s *scene) {
	s.ends(s.once(), batchv1.JobReasonPodFailurePolicy, 3)
	s.did(s.T, 0)
}

// Okta doesn't know the key: exit code 4. With the right one, the next Job does it all.
func expired(s *scene) {
	right, err := os.ReadFile(s.path("key.pem"))
	check(s.T, err)
	s.setKey(keyText(s.T, newKey(s.T)))
	s.ends(s.once(), batchv1.JobReasonPodFailurePolicy, 4)
	s.did(s.T, 0)
	s.setKey(right)
	s.ends(s.once(), "", 0)
	s.everybody()
}

// setKey puts a key into the org's secret.
func (s *scene) setKey(key []byte) {
	s.Helper()
	secrets := s.c.admin.CoreV1().Secrets(namespace)
	is, err := secrets.Get(s.Context(), "okta-"+s.name, metav1.GetOptions{})
	check(s.T, err)
	is.Data["key.pem"] = key
	_, err = secrets.Update(s.Context(), is, metav1.UpdateOptions{})
	check(s.T, err)
}

// The Job's time is over: its pod gets SIGTERM, and the next Job goes on.
func late(s *scene) {
	s.patch(`{"jobTemplate":{"spec":{"activeDeadlineSeconds":30}}}`)
	job := s.once()
	s.midway()
	s.ends(job, batchv1.JobReasonDeadlineExceeded, 143)
	s.patch(`{"jobTemplate":{"spec":{"activeDeadlineSeconds":7500}}}`)
	s.ends(s.once(), "", 0)
	s.everybody()
}

// Every pod dies: the Job gives up after the sixth, and the one that somebody starts later goes on.
func hopeless(s *scene) {
	job := s.once()
	s.midway()
	eventually(s.T, "six pods are killed", 10*time.Minute, func() error {
		s.n.kill(job.Name + "-")
		if dead := len(s.n.ends(job.Name + "-")); dead < 6 {
			return fmt.Errorf("%d are", dead)
		}
		return nil
	})
	s.ends(job, batchv1.JobReasonBackoffLimitExceeded, 137, 137, 137, 137, 137, 137)
	s.ends(s.byHand("again"), "", 0)
	s.everybody()
}
